//! Ruth's blood and urine tests at Alder Street: newest first, on the days of `DRAWS`.

use crate::demo::alder::{self};
use crate::demo::build::{Bundle, Clock, listed, loinc, to};
use crate::demo::labs::{self, Panel, Test, test};
use serde_json::json;

pub(super) const PANELS: &[Panel] = &[
    Panel {
        id: "a1c-report",
        code: "4548-4",
        display: "Hemoglobin A1c/Hemoglobin.total in Blood",
        text: "Hemoglobin A1c",
        tests: &[test!(
            "a1c",
            "4548-4",
            "Hemoglobin A1c/Hemoglobin.total in Blood",
            "Hemoglobin A1c",
            "%",
            "4.0".."5.6",
            ["7.4", "7.1", "7.2", "7.0", "7.6", "7.9"]
        )],
    },
    Panel {
        id: "metabolic-report",
        code: "24321-2",
        display: "Basic metabolic 2000 panel - Serum or Plasma",
        text: "Basic metabolic panel",
        tests: &[
            test!(
                "glucose",
                "1558-6",
                "Fasting glucose [Mass/volume] in Serum or Plasma",
                "Glucose, fasting",
                "mg/dL",
                "70".."99",
                ["138", "129", "131", "124", "146", "152"]
            ),
            test!(
                "creatinine",
                "2160-0",
                "Creatinine [Mass/volume] in Serum or Plasma",
                "Creatinine",
                "mg/dL",
                "0.51".."0.95",
                ["1.12", "1.10", "1.08", "1.05", "0.98", "0.94"]
            ),
            test!(
                "egfr",
                "98979-8",
                "Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)/1.73 sq M",
                "Kidney function (eGFR)",
                "mL/min/1.73 m²",
                "60".."",
                ["52", "53", "55", "56", "61", "64"]
            ),
            test!(
                "potassium",
                "2823-3",
                "Potassium [Moles/volume] in Serum or Plasma",
                "Potassium",
                "mmol/L",
                "3.5".."5.1",
                ["4.6", "4.4", "4.5", "4.3", "4.1", "4.2"]
            ),
            test!(
                "sodium",
                "2951-2",
                "Sodium [Moles/volume] in Serum or Plasma",
                "Sodium",
                "mmol/L",
                "135".."145",
                ["139", "138", "140", "137", "131", "136"]
            ),
            test!(
                "calcium",
                "17861-6",
                "Calcium [Mass/volume] in Serum or Plasma",
                "Calcium",
                "mg/dL",
                "8.6".."10.2",
                ["9.4", "9.3", "9.5", "9.4", "9.6", "9.5"]
            ),
        ],
    },
    Panel {
        id: "lipid-report",
        code: "24331-1",
        display: "Lipid 1996 panel - Serum or Plasma",
        text: "Cholesterol panel",
        tests: &[
            test!(
                "cholesterol",
                "2093-3",
                "Cholesterol [Mass/volume] in Serum or Plasma",
                "Total cholesterol",
                "mg/dL",
                "".."200",
                ["", "152", "", "158", "171", "214"]
            ),
            test!(
                "ldl",
                "13457-7",
                "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation",
                "LDL cholesterol",
                "mg/dL",
                "".."100",
                ["", "71", "", "76", "88", "131"]
            ),
            test!(
                "hdl",
                "2085-9",
                "Cholesterol in HDL [Mass/volume] in Serum or Plasma",
                "HDL cholesterol",
                "mg/dL",
                "50".."",
                ["", "54", "", "52", "50", "47"]
            ),
            test!(
                "triglycerides",
                "2571-8",
                "Triglyceride [Mass/volume] in Serum or Plasma",
                "Triglycerides",
                "mg/dL",
                "".."150",
                ["", "135", "", "149", "163", "180"]
            ),
        ],
    },
    Panel {
        id: "blood-count-report",
        code: "58410-2",
        display: "CBC panel - Blood by Automated count",
        text: "Blood count",
        tests: &[
            test!(
                "hemoglobin",
                "718-7",
                "Hemoglobin [Mass/volume] in Blood",
                "Hemoglobin",
                "g/dL",
                "11.7".."15.5",
                ["11.6", "11.9", "12.1", "12.4", "12.6", "12.8"]
            ),
            test!(
                "leukocytes",
                "6690-2",
                "Leukocytes [#/volume] in Blood by Automated count",
                "White blood cells",
                "10³/µL",
                "4.0".."11.0",
                ["6.8", "7.1", "6.5", "7.0", "6.9", "7.3"]
            ),
            test!(
                "platelets",
                "777-3",
                "Platelets [#/volume] in Blood by Automated count",
                "Platelets",
                "10³/µL",
                "150".."400",
                ["231", "240", "226", "244", "238", "251"]
            ),
        ],
    },
    Panel {
        id: "vitamin-d-report",
        code: "1989-3",
        display: "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma",
        text: "Vitamin D (25-OH)",
        // This laboratory gave no range for it.
        tests: &[test!(
            "vitamin-d",
            "1989-3",
            "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma",
            "Vitamin D (25-OH)",
            "ng/mL",
            "".."",
            ["", "24", "", "19", "", ""]
        )],
    },
    Panel {
        id: "thyroid-report",
        code: "3016-3",
        display: "Thyrotropin [Units/volume] in Serum or Plasma",
        text: "Thyroid (TSH)",
        tests: &[test!(
            "tsh",
            "3016-3",
            "Thyrotropin [Units/volume] in Serum or Plasma",
            "Thyroid (TSH)",
            "mIU/L",
            "0.45".."4.50",
            ["", "2.10", "", "1.85", "", "2.32"]
        )],
    },
];

const ALBUMIN: Test =
    test!("urine-albumin", "9318-7", "Albumin/Creatinine [Mass Ratio] in Urine", "Urine albumin to creatinine", "mg/g", "".."30", ["24"]);

/// The urine albumin of the newest draw: first 24, later corrected to 42.
pub(super) fn urine(b: &mut Bundle, clock: Clock, corrected: bool) {
    let id = format!("urine-albumin-{}", clock.day(10));
    let mut result = labs::result(&ALBUMIN, if corrected { "42" } else { "24" }, clock, 10, &format!("urine-{}", clock.day(10)));
    let mut report = json!({"status": "final", "category": listed("v2-0074", "LAB", "Laboratory"),
        "code": loinc("9318-7", "Albumin/Creatinine [Mass Ratio] in Urine", "Urine albumin"),
        "effectiveDateTime": clock.at(10, "08:15"), "issued": clock.at(9, "16:40"),
        "performer": [to("Organization/harbor-lab", "Harbor County Medical Center Laboratory")],
        "resultsInterpreter": [to(alder::RAMAN.0, alder::RAMAN.1)],
        "result": [to(&format!("Observation/{id}"), "Urine albumin to creatinine")]});
    if corrected {
        for part in [&mut result, &mut report] {
            part["status"] = "corrected".into();
            part["issued"] = clock.at(8, "11:05").into();
        }
        result["note"] = json!([{"text": "Corrected. The first value, 24 mg/g, belonged to another sample."}]);
        report["conclusion"] = "Corrected report. The value first sent out was 24 mg/g.".into();
    } else {
        b.add(
            "Specimen",
            &format!("urine-{}", clock.day(10)),
            json!({"status": "available", "type": {"text": "Urine, one sample"},
            "collection": {"collectedDateTime": clock.at(10, "08:20")}}),
        );
    }
    b.add("Observation", &id, result);
    b.add("DiagnosticReport", &format!("urine-report-{}", clock.day(10)), report);
}
