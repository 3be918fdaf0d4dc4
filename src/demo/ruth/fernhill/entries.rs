//! The sections of Fernhill's note that hold coded entries beside their text.

use super::{ROOT, section, table};

const LOINC: &str = "2.16.840.1.113883.6.1";
const SNOMED: &str = "2.16.840.1.113883.6.96";
const RXNORM: &str = "2.16.840.1.113883.6.88";

fn id(extension: &str) -> String {
    format!("<id root=\"{ROOT}.9\" extension=\"{extension}\"/>")
}

fn template(root: &str, dated: &str) -> String {
    let plain = format!("<templateId root=\"{root}\"/>");
    if dated.is_empty() { plain } else { format!("{plain}<templateId root=\"{root}\" extension=\"{dated}\"/>") }
}

fn refers(to: &str) -> String {
    format!("<text><reference value=\"#{to}\"/></text>")
}

fn author() -> String {
    format!(
        "<author><templateId root=\"2.16.840.1.113883.10.20.22.4.119\"/><time value=\"{{DATE}}\"/><assignedAuthor>\
         <id root=\"{ROOT}.7\" extension=\"eklund\"/><assignedPerson><name><given>Tomas</given><family>Eklund</family></name></assignedPerson>\
         </assignedAuthor></author>"
    )
}

pub(super) fn medicines() -> String {
    let rows: [(&str, &str, &str, &str, &str, &str); 3] = [
        ("med1", "1364445", "apixaban 5 MG Oral Tablet", "apixaban 5 mg tablet", "1 tablet by mouth 2 times a day", "12"),
        (
            "med2",
            "866427",
            "24 HR metoprolol succinate 25 MG Extended Release Oral Tablet",
            "metoprolol succinate 25 mg tablet, extended release",
            "1 tablet by mouth daily",
            "24",
        ),
        ("med3", "314077", "lisinopril 20 MG Oral Tablet", "lisinopril 20 mg tablet", "1 tablet by mouth daily", "24"),
    ];
    let cells: Vec<[&str; 3]> = rows.iter().map(|r| [r.3, r.4, "Active"]).collect();
    let lines: Vec<(&str, &[&str])> = rows.iter().zip(&cells).map(|(r, c)| (r.0, c.as_slice())).collect();
    let narrative = table(&["Medication", "Directions", "Status"], &lines);
    let entries: String = rows
        .iter()
        .map(|(name, code, display, _, _, hours)| {
            format!(
                "<entry><substanceAdministration classCode=\"SBADM\" moodCode=\"INT\">{}{}{}<statusCode code=\"active\"/>\
                 <effectiveTime xsi:type=\"IVL_TS\"><low value=\"20220321\"/></effectiveTime>\
                 <effectiveTime xsi:type=\"PIVL_TS\" institutionSpecified=\"true\" operator=\"A\"><period value=\"{hours}\" unit=\"h\"/></effectiveTime>\
                 <routeCode code=\"C38288\" codeSystem=\"2.16.840.1.113883.3.26.1.1\" displayName=\"ORAL\"/><doseQuantity value=\"1\"/>\
                 <consumable><manufacturedProduct classCode=\"MANU\">{}<manufacturedMaterial>\
                 <code code=\"{code}\" codeSystem=\"{RXNORM}\" displayName=\"{display}\"><originalText><reference value=\"#{name}\"/></originalText></code>\
                 </manufacturedMaterial></manufacturedProduct></consumable>{}</substanceAdministration></entry>\n",
                template("2.16.840.1.113883.10.20.22.4.16", "2014-06-09"),
                id(name),
                refers(name),
                template("2.16.840.1.113883.10.20.22.4.23", "2014-06-09"),
                author(),
            )
        })
        .collect();
    section(
        ("2.16.840.1.113883.10.20.22.2.1.1", "2014-06-09"),
        ("10160-0", "History of Medication use"),
        "Medications",
        &narrative,
        &entries,
    )
}

pub(super) fn allergies() -> String {
    // Id, code, system, name, reaction in words, reaction code and display, severity code and display.
    type Row =
        (&'static str, &'static str, &'static str, &'static str, (&'static str, &'static str, &'static str), (&'static str, &'static str));
    let rows: [Row; 3] = [
        ("alg1", "70618", "Penicillin", "Penicillins", ("Anaphylaxis", "39579001", "Anaphylaxis"), ("24484000", "Severe")),
        ("alg2", "10180", "sulfamethoxazole", "Sulfonamide antibiotics", ("Rash", "271807003", "Eruption of skin"), ("255604002", "Mild")),
        ("alg3", "", "", "Iodinated contrast", ("Urticaria", "126485001", "Urticaria"), ("6736007", "Moderate")),
    ];
    let cells: Vec<[&str; 3]> = rows.iter().map(|r| [r.3, r.4.0, r.5.1]).collect();
    let lines: Vec<(&str, &[&str])> = rows.iter().zip(&cells).map(|(r, c)| (r.0, c.as_slice())).collect();
    let narrative = table(&["Substance", "Reaction", "Severity"], &lines);
    let entries: String = rows
        .iter()
        .map(|(name, code, display, text, reaction, severity)| {
            let substance = if code.is_empty() {
                format!("<code nullFlavor=\"OTH\"><originalText><reference value=\"#{name}\"/></originalText></code><name>{text}</name>")
            } else {
                format!("<code code=\"{code}\" codeSystem=\"{RXNORM}\" displayName=\"{display}\"><originalText><reference value=\"#{name}\"/></originalText></code>")
            };
            format!(
                "<entry typeCode=\"DRIV\"><act classCode=\"ACT\" moodCode=\"EVN\">{}{}\
                 <code code=\"CONC\" codeSystem=\"2.16.840.1.113883.5.6\"/><statusCode code=\"active\"/><effectiveTime><low value=\"2022\"/></effectiveTime>{}\
                 <entryRelationship typeCode=\"SUBJ\"><observation classCode=\"OBS\" moodCode=\"EVN\">{}{}\
                 <code code=\"ASSERTION\" codeSystem=\"2.16.840.1.113883.5.4\"/>{}<statusCode code=\"completed\"/>\
                 <effectiveTime><low nullFlavor=\"UNK\"/></effectiveTime>\
                 <value xsi:type=\"CD\" code=\"416098002\" codeSystem=\"{SNOMED}\" displayName=\"Allergy to drug\"/>{}\
                 <participant typeCode=\"CSM\"><participantRole classCode=\"MANU\"><playingEntity classCode=\"MMAT\">{substance}</playingEntity></participantRole></participant>\
                 <entryRelationship typeCode=\"MFST\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">{}{}\
                 <code code=\"ASSERTION\" codeSystem=\"2.16.840.1.113883.5.4\"/><statusCode code=\"completed\"/>\
                 <value xsi:type=\"CD\" code=\"{}\" codeSystem=\"{SNOMED}\" displayName=\"{}\"/>\
                 <entryRelationship typeCode=\"SUBJ\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">{}\
                 <code code=\"SEV\" codeSystem=\"2.16.840.1.113883.5.4\"/><statusCode code=\"completed\"/>\
                 <value xsi:type=\"CD\" code=\"{}\" codeSystem=\"{SNOMED}\" displayName=\"{}\"/></observation></entryRelationship>\
                 </observation></entryRelationship></observation></entryRelationship></act></entry>\n",
                template("2.16.840.1.113883.10.20.22.4.30", "2015-08-01"),
                id(&format!("{name}-concern")),
                author(),
                template("2.16.840.1.113883.10.20.22.4.7", "2014-06-09"),
                id(name),
                refers(name),
                author(),
                template("2.16.840.1.113883.10.20.22.4.9", "2014-06-09"),
                id(&format!("{name}-reaction")),
                reaction.1,
                reaction.2,
                template("2.16.840.1.113883.10.20.22.4.8", "2014-06-09"),
                severity.0,
                severity.1,
            )
        })
        .collect();
    section(
        ("2.16.840.1.113883.10.20.22.2.6.1", "2015-08-01"),
        ("48765-2", "Allergies and adverse reactions Document"),
        "Allergies",
        &narrative,
        &entries,
    )
}

pub(super) fn problems() -> String {
    let rows = [
        ("prob1", "282825002", "Paroxysmal atrial fibrillation", "202203"),
        ("prob2", "59621000", "Essential hypertension", "2008"),
        ("prob3", "700378005", "Chronic kidney disease stage 3A", "2021"),
    ];
    let cells: Vec<[&str; 2]> = rows.iter().map(|r| [r.2, "Active"]).collect();
    let lines: Vec<(&str, &[&str])> = rows.iter().zip(&cells).map(|(r, c)| (r.0, c.as_slice())).collect();
    let narrative = table(&["Problem", "Status"], &lines);
    let entries: String = rows
        .iter()
        .map(|(name, code, display, onset)| {
            format!(
                "<entry typeCode=\"DRIV\"><act classCode=\"ACT\" moodCode=\"EVN\">{}{}<code code=\"CONC\" codeSystem=\"2.16.840.1.113883.5.6\"/>\
                 <statusCode code=\"active\"/><effectiveTime><low value=\"{onset}\"/></effectiveTime>{}\
                 <entryRelationship typeCode=\"SUBJ\"><observation classCode=\"OBS\" moodCode=\"EVN\">{}{}\
                 <code code=\"64572001\" codeSystem=\"{SNOMED}\" displayName=\"Condition\"><translation code=\"75323-6\" codeSystem=\"{LOINC}\" displayName=\"Condition\"/></code>\
                 {}<statusCode code=\"completed\"/><effectiveTime><low value=\"{onset}\"/></effectiveTime>\
                 <value xsi:type=\"CD\" code=\"{code}\" codeSystem=\"{SNOMED}\" displayName=\"{display}\"/>{}</observation></entryRelationship></act></entry>\n",
                template("2.16.840.1.113883.10.20.22.4.3", "2015-08-01"),
                id(&format!("{name}-concern")),
                author(),
                template("2.16.840.1.113883.10.20.22.4.4", "2015-08-01"),
                id(name),
                refers(name),
                author(),
            )
        })
        .collect();
    section(("2.16.840.1.113883.10.20.22.2.5.1", "2015-08-01"), ("11450-4", "Problem list - Reported"), "Problems", &narrative, &entries)
}

pub(super) fn vital_signs(when: &str) -> String {
    let rows = [
        ("vit1", "8480-6", "Systolic blood pressure", "132", "mm[Hg]"),
        ("vit2", "8462-4", "Diastolic blood pressure", "76", "mm[Hg]"),
        ("vit3", "8867-4", "Heart rate", "64", "/min"),
        ("vit4", "29463-7", "Body weight", "74.1", "kg"),
        ("vit5", "8302-2", "Body height", "163", "cm"),
    ];
    let values: Vec<String> = rows.iter().map(|r| format!("{} {}", r.3, r.4)).collect();
    let cells: Vec<[&str; 2]> = rows.iter().zip(&values).map(|(r, v)| [r.2, v.as_str()]).collect();
    let lines: Vec<(&str, &[&str])> = rows.iter().zip(&cells).map(|(r, c)| (r.0, c.as_slice())).collect();
    let narrative = table(&["Vital sign", "Value"], &lines);
    let parts: String = rows
        .iter()
        .map(|(name, code, display, value, unit)| {
            format!(
                "<component><observation classCode=\"OBS\" moodCode=\"EVN\">{}{}<code code=\"{code}\" codeSystem=\"{LOINC}\" displayName=\"{display}\"/>\
                 {}<statusCode code=\"completed\"/><effectiveTime value=\"{when}\"/><value xsi:type=\"PQ\" value=\"{value}\" unit=\"{unit}\"/>\
                 </observation></component>\n",
                template("2.16.840.1.113883.10.20.22.4.27", "2014-06-09"),
                id(name),
                refers(name),
            )
        })
        .collect();
    let entries = format!(
        "<entry typeCode=\"DRIV\"><organizer classCode=\"CLUSTER\" moodCode=\"EVN\">{}{}\
         <code code=\"46680005\" codeSystem=\"{SNOMED}\" displayName=\"Vital signs\"><translation code=\"74728-7\" codeSystem=\"{LOINC}\" \
         displayName=\"Vital signs, weight, height, head circumference, oxygen saturation and BMI panel\"/></code>\
         <statusCode code=\"completed\"/><effectiveTime value=\"{when}\"/>{parts}</organizer></entry>\n",
        template("2.16.840.1.113883.10.20.22.4.26", "2015-08-01"),
        id("vitals"),
    );
    section(("2.16.840.1.113883.10.20.22.2.4.1", "2015-08-01"), ("8716-3", "Vital signs"), "Vital signs", &narrative, &entries)
}

pub(super) fn results(when: &str) -> String {
    let narrative = table(
        &["Test", "Value", "Range of this laboratory"],
        &[
            ("res1", &["Potassium", "4.5 mmol/L", "3.6 to 5.2 mmol/L"]),
            ("res2", &["Electrocardiogram (ECG)", "Sinus rhythm, 64 per minute, normal intervals", ""]),
        ],
    );
    let entries = format!(
        "<entry typeCode=\"DRIV\"><organizer classCode=\"CLUSTER\" moodCode=\"EVN\">{0}{1}<code code=\"2823-3\" codeSystem=\"{LOINC}\" \
         displayName=\"Potassium [Moles/volume] in Serum or Plasma\"/><statusCode code=\"completed\"/>\
         <effectiveTime><low value=\"{when}\"/><high value=\"{when}\"/></effectiveTime>\
         <component><observation classCode=\"OBS\" moodCode=\"EVN\">{2}{3}<code code=\"2823-3\" codeSystem=\"{LOINC}\" \
         displayName=\"Potassium [Moles/volume] in Serum or Plasma\"/>{4}<statusCode code=\"completed\"/><effectiveTime value=\"{when}\"/>\
         <value xsi:type=\"PQ\" value=\"4.5\" unit=\"mmol/L\"/>\
         <interpretationCode code=\"N\" codeSystem=\"2.16.840.1.113883.5.83\" displayName=\"Normal\"/>\
         <referenceRange><observationRange><text>3.6 to 5.2 mmol/L</text><value xsi:type=\"IVL_PQ\"><low value=\"3.6\" unit=\"mmol/L\"/>\
         <high value=\"5.2\" unit=\"mmol/L\"/></value></observationRange></referenceRange></observation></component></organizer></entry>\n\
         <entry typeCode=\"DRIV\"><organizer classCode=\"CLUSTER\" moodCode=\"EVN\">{0}{5}<code code=\"11524-6\" codeSystem=\"{LOINC}\" \
         displayName=\"EKG study\"/><statusCode code=\"completed\"/>\
         <effectiveTime><low value=\"{when}\"/><high value=\"{when}\"/></effectiveTime>\
         <component><observation classCode=\"OBS\" moodCode=\"EVN\">{2}{6}<code code=\"11524-6\" codeSystem=\"{LOINC}\" displayName=\"EKG study\"/>\
         {7}<statusCode code=\"completed\"/><effectiveTime value=\"{when}\"/>\
         <value xsi:type=\"ST\">Sinus rhythm, 64 per minute, normal intervals</value></observation></component></organizer></entry>\n",
        template("2.16.840.1.113883.10.20.22.4.1", "2015-08-01"),
        id("panel1"),
        template("2.16.840.1.113883.10.20.22.4.2", "2015-08-01"),
        id("res1"),
        refers("res1"),
        id("panel2"),
        id("res2"),
        refers("res2"),
    );
    section(
        ("2.16.840.1.113883.10.20.22.2.3.1", "2015-08-01"),
        ("30954-2", "Relevant diagnostic tests/laboratory data note"),
        "Results",
        &narrative,
        &entries,
    )
}

pub(super) fn social() -> String {
    let narrative = table(&["Question", "Answer"], &[("soc1", &["Smoking", "Former smoker, stopped 1988"])]);
    let entries = format!(
        "<entry><observation classCode=\"OBS\" moodCode=\"EVN\">{}{}<code code=\"72166-2\" codeSystem=\"{LOINC}\" displayName=\"Tobacco smoking status\"/>\
         {}<statusCode code=\"completed\"/><effectiveTime value=\"{{DATE}}\"/>\
         <value xsi:type=\"CD\" code=\"8517006\" codeSystem=\"{SNOMED}\" displayName=\"Ex-smoker\"/>{}</observation></entry>\n",
        template("2.16.840.1.113883.10.20.22.4.78", "2014-06-09"),
        id("soc1"),
        refers("soc1"),
        author(),
    );
    section(("2.16.840.1.113883.10.20.22.2.17", "2015-08-01"), ("29762-2", "Social history note"), "Social history", &narrative, &entries)
}
