//! The same kind of data in any size, for measurements: what a portal gives of one person after years of care.

use super::random::Random;
use std::io::{self, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// LOINC code and name, plain name, unit, UCUM code, low, high, middle, spread, digits.
type Test = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str, f64, f64, usize);

const TESTS: [Test; 12] = [
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "Hemoglobin A1c", "%", "%", "4.0", "5.6", 6.6, 1.4, 1),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "Glucose", "mg/dL", "mg/dL", "70", "99", 110.0, 45.0, 0),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "Creatinine", "mg/dL", "mg/dL", "0.51", "0.95", 0.9, 0.3, 2),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "Potassium", "mmol/L", "mmol/L", "3.5", "5.1", 4.3, 0.9, 1),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "Sodium", "mmol/L", "mmol/L", "135", "145", 140.0, 7.0, 0),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "Calcium", "mg/dL", "mg/dL", "8.6", "10.2", 9.4, 0.9, 1),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "Total cholesterol", "mg/dL", "mg/dL", "100", "200", 180.0, 50.0, 0),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "Hemoglobin", "g/dL", "g/dL", "11.7", "15.5", 13.2, 2.2, 1),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "White blood cells", "10³/µL", "10*3/uL", "4.0", "11.0", 7.2, 3.9, 1),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "Platelets", "10³/µL", "10*3/uL", "150", "400", 250.0, 110.0, 0),
    ("29463-7", "Body weight", "Weight", "kg", "kg", "", "", 75.0, 5.0, 1),
    ("8867-4", "Heart rate", "Heart rate", "beats/minute", "/min", "", "", 72.0, 14.0, 0),
];

const BASE: &str = "https://fhir.alderstreet.example/r4";
const PATIENT: &str = r#"{"reference":"Patient/carver-ruth","display":"Ruth Carver"}"#;

/// Streams an R4 collection Bundle of so many resources about Ruth Carver, about 2 to 3 KB each as portals print them:
/// mostly results, with visits, vital signs, notes and medicines between. Returns the bytes written. Other seeds give
/// other resources with other ids.
///
/// # Errors
/// Whatever `out` returns.
pub fn large_bundle(resources: usize, seed: u64, out: &mut dyn Write) -> io::Result<u64> {
    let mut out = Counted { out, bytes: 0 };
    let mut random = Random::new(seed);
    write!(out, "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[")?;
    for n in 0..resources {
        out.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        if n == 0 {
            write!(
                out,
                r#"{{"fullUrl":"{BASE}/Patient/carver-ruth","resource":{{"resourceType":"Patient","id":"carver-ruth","name":[{{"use":"official","family":"Carver","given":["Ruth","Ann"]}}],"gender":"female","birthDate":"1954-03-14"}}}}"#
            )?;
            continue;
        }
        let id = format!("{seed:x}-{n:x}-{:08x}", random.next() >> 32);
        match n % 20 {
            1 => visit(&mut out, &mut random, &id)?,
            2 => medicine(&mut out, &mut random, &id)?,
            3 => note(&mut out, &mut random, &id)?,
            _ => result(&mut out, &mut random, &id, n)?,
        }
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.bytes)
}

/// A moment of the last 25 years.
fn moment(random: &mut Random) -> String {
    let (year, month, day) = (2001 + random.below(25), 1 + random.below(12), 1 + random.below(28));
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:00-05:00", 7 + random.below(10), random.below(60))
}

fn result(out: &mut dyn Write, random: &mut Random, id: &str, n: usize) -> io::Result<()> {
    let (code, display, text, unit, ucum, low, high, middle, spread, digits) = TESTS[random.below(TESTS.len() as u64) as usize];
    let (when, value) = (moment(random), random.near(middle, spread, digits));
    let visit = random.next() >> 32;
    let kind = if low.is_empty() { ("vital-signs", "Vital Signs") } else { ("laboratory", "Laboratory") };
    write!(
        out,
        r#"{{"fullUrl":"{BASE}/Observation/{id}","resource":{{"resourceType":"Observation","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{when}","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"]}},"#
    )?;
    if n.is_multiple_of(4) {
        write!(
            out,
            r#""text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>{text}</b>: {value} {unit}</p><table><tr><td>Patient</td><td>Ruth Carver</td></tr><tr><td>Collected</td><td>{when}</td></tr><tr><td>Performed by</td><td>Harbor County Medical Center Laboratory, 1 Harbor Way, Harbor Falls</td></tr><tr><td>Ordered by</td><td>Dr. Priya Raman, Alder Street Family Practice</td></tr></table></div>"}},"#
        )?;
    }
    write!(
        out,
        r#""identifier":[{{"use":"official","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL","display":"Filler Identifier"}}],"text":"Laboratory number"}},"system":"https://harborcounty.example/lab/results","value":"L{id}"}}],"basedOn":[{{"reference":"ServiceRequest/order-{visit:x}","display":"{text}"}}],"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{}","display":"{}"}}],"text":"{}"}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{display}"}},{{"system":"https://harborcounty.example/lab/tests","code":"T{code}","display":"{text}"}}],"text":"{text}"}},"subject":{PATIENT},"encounter":{{"reference":"Encounter/visit-{visit:x}","display":"Office visit"}},"effectiveDateTime":"{when}","issued":"{when}","performer":[{{"reference":"Organization/harbor-lab","display":"Harbor County Medical Center Laboratory"}},{{"reference":"Practitioner/raman","display":"Dr. Priya Raman"}}],"valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{ucum}"}}"#,
        kind.0, kind.1, kind.1
    )?;
    if !low.is_empty() {
        write!(
            out,
            r#","referenceRange":[{{"low":{{"value":{low},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{ucum}"}},"high":{{"value":{high},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{ucum}"}},"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/referencerange-meaning","code":"normal","display":"Normal Range"}}],"text":"Normal Range"}},"text":"{low} to {high} {unit}"}}],"specimen":{{"reference":"Specimen/blood-{visit:x}","display":"Blood, from a vein"}},"method":{{"text":"Automated"}}"#
        )?;
    }
    out.write_all(b"}}")
}

fn visit(out: &mut dyn Write, random: &mut Random, id: &str) -> io::Result<()> {
    let when = moment(random);
    write!(
        out,
        r#"{{"fullUrl":"{BASE}/Encounter/{id}","resource":{{"resourceType":"Encounter","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{when}"}},"status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"}},"type":[{{"text":"Office visit"}}],"subject":{PATIENT},"participant":[{{"individual":{{"reference":"Practitioner/raman","display":"Dr. Priya Raman"}}}}],"period":{{"start":"{when}","end":"{when}"}},"reasonCode":[{{"text":"Diabetes check"}}],"location":[{{"location":{{"reference":"Location/alder-clinic","display":"Alder Street Family Practice"}}}}],"serviceProvider":{{"reference":"Organization/alder-street","display":"Alder Street Family Practice"}}}}}}"#
    )
}

fn medicine(out: &mut dyn Write, random: &mut Random, id: &str) -> io::Result<()> {
    let when = moment(random);
    write!(
        out,
        r#"{{"fullUrl":"{BASE}/MedicationRequest/{id}","resource":{{"resourceType":"MedicationRequest","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{when}"}},"status":"completed","intent":"order","medicationCodeableConcept":{{"coding":[{{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"861007","display":"metformin hydrochloride 500 MG Oral Tablet"}}],"text":"Metformin 500 mg tablet"}},"subject":{PATIENT},"authoredOn":"{when}","requester":{{"reference":"Practitioner/raman","display":"Dr. Priya Raman"}},"dosageInstruction":[{{"text":"Take 1 tablet by mouth in the morning and 1 in the evening, with food","timing":{{"repeat":{{"frequency":1,"period":1,"periodUnit":"d","when":["MORN","EVE"]}}}}}}],"dispenseRequest":{{"numberOfRepeatsAllowed":{},"quantity":{{"value":60,"unit":"tablet"}}}}}}}}"#,
        random.below(4)
    )
}

const PHRASES: [&str; 10] = [
    "Ruth feels well.",
    "Ankles a little swollen in the evening.",
    "Home readings of blood sugar between 110 and 160.",
    "No chest pain, no short breath on the stairs.",
    "Blood pressure near its goal.",
    "Feet checked, feeling present in all toes.",
    "Walks for twenty minutes on most days.",
    "No change of tablets today.",
    "Blood tests again in three months.",
    "Asked about the flu vaccine and will have it at the pharmacy.",
];

fn note(out: &mut dyn Write, random: &mut Random, id: &str) -> io::Result<()> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let when = moment(random);
    let text: Vec<&str> = (0..30).map(|_| PHRASES[random.below(PHRASES.len() as u64) as usize]).collect();
    write!(
        out,
        r#"{{"fullUrl":"{BASE}/DocumentReference/{id}","resource":{{"resourceType":"DocumentReference","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{when}"}},"status":"current","type":{{"coding":[{{"system":"http://loinc.org","code":"11506-3","display":"Progress note"}}],"text":"Progress note"}},"subject":{PATIENT},"date":"{when}","author":[{{"reference":"Practitioner/raman","display":"Dr. Priya Raman"}}],"description":"Visit note","content":[{{"attachment":{{"contentType":"text/plain","title":"Visit note","data":"{}"}}}}]}}}}"#,
        STANDARD.encode(text.join(" "))
    )
}

/// Streams a zip of about so many bytes unpacked: bundles of 5,000 resources about Ruth Carver. Stored, not packed, so that
/// the file is about as large as what it holds. Returns the bytes written.
///
/// # Errors
/// Whatever `out` returns.
pub fn large_archive(bytes: u64, seed: u64, out: &mut dyn Write) -> io::Result<u64> {
    let mut counted = Counted { out, bytes: 0 };
    let mut zip = ZipWriter::new_stream(&mut counted);
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(false);
    let (mut inside, mut part) = (0, 0);
    while inside < bytes {
        zip.start_file(format!("export/part-{part:04}.json"), stored)?;
        inside += large_bundle(5000, seed.wrapping_add(part), &mut zip)?;
        part += 1;
    }
    zip.finish()?;
    Ok(counted.bytes)
}

/// Counts what passes.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_large_bundle_is_json_with_its_own_ids() {
        let mut out = Vec::new();
        let bytes = large_bundle(400, 3, &mut out).expect("memory");
        assert_eq!(bytes, out.len() as u64);
        let bundle: Value = serde_json::from_slice(&out).expect("JSON");
        let entries = bundle["entry"].as_array().expect("entries");
        assert_eq!(entries.len(), 400);
        let urls: std::collections::BTreeSet<_> = entries.iter().map(|e| e["fullUrl"].as_str().expect("a fullUrl")).collect();
        assert_eq!(urls.len(), 400);
        assert!((1500..3500).contains(&(out.len() / 400)), "{} bytes each", out.len() / 400);
    }

    #[test]
    fn a_large_archive_opens() {
        let mut out = Vec::new();
        large_archive(1 << 20, 1, &mut out).expect("memory");
        let archive = zip::ZipArchive::new(io::Cursor::new(&out)).expect("a zip");
        assert_eq!(archive.len(), 1);
    }
}
