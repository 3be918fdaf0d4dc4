//! Fernhill Heart Clinic: a visit note as C-CDA R2.1, written here by hand: another dose of metoprolol, the same
//! allergies, its own range, and readable text in every section.

mod entries;

use crate::demo::build::Clock;

/// The document's own root for ids; of the range that HL7 keeps for examples.
const ROOT: &str = "2.16.840.1.113883.19.5.99999.1";

/// A section: template, LOINC code, LOINC's name, title, narrative, entries.
fn section(template: (&str, &str), code: (&str, &str), title: &str, narrative: &str, entries: &str) -> String {
    // The template of a goals section asks for coded goals: one of text alone has none.
    let base = if template.0.is_empty() { String::new() } else { format!("<templateId root=\"{}\"/>", template.0) };
    let dated =
        if template.1.is_empty() { String::new() } else { format!("<templateId root=\"{}\" extension=\"{}\"/>", template.0, template.1) };
    format!(
        "<component><section>{base}{dated}<code code=\"{}\" codeSystem=\"2.16.840.1.113883.6.1\" codeSystemName=\"LOINC\" displayName=\"{}\"/>\n\
         <title>{title}</title><text>{narrative}</text>{entries}</section></component>\n",
        code.0, code.1
    )
}

/// A table of narrative, each row's first cell carrying an id that entries refer to.
fn table(head: &[&str], rows: &[(&str, &[&str])]) -> String {
    let head: String = head.iter().map(|h| format!("<th>{h}</th>")).collect();
    let rows: String = rows
        .iter()
        .map(|(id, cells)| {
            let cells: String = cells
                .iter()
                .enumerate()
                .map(|(n, c)| if n == 0 { format!("<td ID=\"{id}\">{c}</td>") } else { format!("<td>{c}</td>") })
                .collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    format!("<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
}

pub(super) fn note(clock: Clock) -> Vec<u8> {
    const AGO: i64 = 47;
    let day = clock.hl7(AGO, "14:00");
    let date = day.get(..8).unwrap_or_default().to_owned();
    let mut out = header(&day, &clock.hl7(AGO, "14:25"), &clock.hl7(AGO, "15:10"));
    out.push_str("<component><structuredBody>\n");
    for part in [
        section(
            ("2.16.840.1.113883.10.20.22.2.12", ""),
            ("29299-5", "Reason for visit"),
            "Reason for visit",
            "<paragraph>Follow-up of paroxysmal atrial fibrillation. Patient reports two short episodes of palpitations since June, each \
             under ten minutes. No syncope, no chest pain.</paragraph>",
            "",
        ),
        section(
            ("2.16.840.1.113883.10.20.22.2.8", ""),
            ("51848-0", "Evaluation note"),
            "Assessment",
            "<list listType=\"unordered\"><item>Paroxysmal atrial fibrillation, CHA2DS2-VASc 5, on apixaban, no bleeding.</item>\
             <item>Hypertension, at goal.</item><item>Chronic kidney disease stage 3a, stable.</item></list>",
            "",
        ),
        entries::medicines(),
        entries::allergies(),
        entries::problems(),
        entries::vital_signs(&day),
        entries::results(&day),
        entries::social(),
        section(
            ("2.16.840.1.113883.10.20.22.2.10", "2014-06-09"),
            ("18776-5", "Plan of care note"),
            "Plan of treatment",
            "<paragraph>Continue apixaban 5 mg twice daily; dose criteria reviewed, no reduction indicated. Continue metoprolol succinate \
             <content styleCode=\"Bold\">25 mg</content> daily. Return in six months, sooner with palpitations over 30 minutes.</paragraph>",
            "",
        ),
        section(("", ""), ("61146-7", "Goals"), "Goals", "<paragraph>No stroke, no bleeding, able to garden.</paragraph>", ""),
        section(
            ("2.16.840.1.113883.10.20.22.2.45", ""),
            ("69730-0", "Instructions"),
            "Instructions",
            "<paragraph>If you bleed for more than ten minutes, or your speech or face changes, call your local emergency number.</paragraph>",
            "",
        ),
    ] {
        out.push_str(&part);
    }
    out.push_str("</structuredBody></component>\n</ClinicalDocument>\n");
    out.replace("{DATE}", &date).into_bytes()
}

fn header(start: &str, end: &str, written: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.10.20.22.1.1"/><templateId root="2.16.840.1.113883.10.20.22.1.1" extension="2015-08-01"/>
<templateId root="2.16.840.1.113883.10.20.22.1.9"/><templateId root="2.16.840.1.113883.10.20.22.1.9" extension="2015-08-01"/>
<id root="{ROOT}" extension="FHC-{written}"/>
<code code="11506-3" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="Progress note"/>
<title>Heart clinic visit note</title>
<effectiveTime value="{written}"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="en-US"/>
<recordTarget><patientRole><id root="{ROOT}.2" extension="F-55120"/>
<addr use="HP"><streetAddressLine>14 Quarry Road</streetAddressLine><city>Harbor Falls</city><state>ME</state><postalCode>04099</postalCode><country>US</country></addr>
<telecom value="tel:+1-555-555-0142" use="HP"/>
<patient><name use="L"><given>Ruth</given><given>A.</given><family>Carver</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1" displayName="Female"/><birthTime value="19540314"/>
<raceCode code="2106-3" codeSystem="2.16.840.1.113883.6.238" displayName="White"/>
<ethnicGroupCode code="2186-5" codeSystem="2.16.840.1.113883.6.238" displayName="Not Hispanic or Latino"/>
<languageCommunication><languageCode code="en"/><preferenceInd value="true"/></languageCommunication></patient></patientRole></recordTarget>
<author><time value="{written}"/><assignedAuthor><id root="2.16.840.1.113883.4.6" nullFlavor="UNK"/>
<addr><streetAddressLine>8 Fernhill Lane</streetAddressLine><city>Harbor Falls</city><state>ME</state><postalCode>04099</postalCode><country>US</country></addr>
<telecom value="tel:+1-555-555-0131" use="WP"/>
<assignedPerson><name><given>Tomas</given><family>Eklund</family><suffix>MD</suffix></name></assignedPerson>
<representedOrganization><name>Fernhill Heart Clinic</name></representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><id root="{ROOT}.3"/><name>Fernhill Heart Clinic</name>
<telecom value="tel:+1-555-555-0131" use="WP"/>
<addr><streetAddressLine>8 Fernhill Lane</streetAddressLine><city>Harbor Falls</city><state>ME</state><postalCode>04099</postalCode><country>US</country></addr>
</representedCustodianOrganization></assignedCustodian></custodian>
<documentationOf><serviceEvent classCode="PCPR"><templateId root="2.16.840.1.113883.10.20.21.3.1"/><effectiveTime><low value="{start}"/><high value="{end}"/></effectiveTime></serviceEvent></documentationOf>
<componentOf><encompassingEncounter><id root="{ROOT}.4" extension="V-{start}"/>
<code code="AMB" codeSystem="2.16.840.1.113883.5.4" displayName="ambulatory"/>
<effectiveTime><low value="{start}"/><high value="{end}"/></effectiveTime>
<location><healthCareFacility><id root="{ROOT}.5"/><location><name>Fernhill Heart Clinic</name></location></healthCareFacility></location>
</encompassingEncounter></componentOf>
"#
    )
}
