//! Datatypes as XML and the FHIR that they become.

use super::{Effective, address, concept, human_name, identifier, quantity, ratio, telecom, value};
use crate::import::Limits;
use crate::import::ccda::context::Context;
use crate::import::ccda::xml::{self, Node};
use crate::import::sink::Collected;
use serde_json::{Value, json};

/// Reads one element within a document whose narrative has a text under the id `t`.
fn with(element: &str, read: impl FnOnce(Node, &Context) -> Value) -> Value {
    let text = format!(
        "<ClinicalDocument xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{element}<component><section><text>\
         <content ID='t'>Lung   sounds clear</content></text></section></component></ClinicalDocument>"
    );
    let (text, _) = xml::prepare(text, &Limits::default()).expect("well-formed");
    let tree = xml::tree(&text, &Limits::default()).expect("a tree");
    let mut sink = Collected::default();
    let cx = Context::new(tree.root_element(), &mut sink);
    read(tree.root_element().first_element_child().expect("an element"), &cx)
}

#[test]
fn values_by_their_type() {
    let snomed = "http://snomed.info/sct";
    let cases = [
        (
            "<value xsi:type='PQ' value='72.50' unit='kg'/>",
            json!({"valueQuantity": {"value": 72.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}),
        ),
        ("<value xsi:type='PQ' value='2' unit='tablets'/>", json!({"valueQuantity": {"value": 2, "unit": "tablets"}})),
        ("<value xsi:type='PQ' value='7' unit='1'/>", json!({"valueQuantity": {"value": 7}})),
        (
            "<value xsi:type='PQ' value='&lt;5' unit='mg'/>",
            json!({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}),
        ),
        ("<value xsi:type='PQ' value='positive'/>", json!({"valueString": "positive"})),
        ("<value xsi:type='PQ' nullFlavor='UNK'/>", json!(null)),
        (
            "<value value='6.1' unit='%'/>",
            json!({"valueQuantity": {"value": 6.1, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}}),
        ),
        ("<value xsi:type='INT' value='15'/>", json!({"valueInteger": 15})),
        ("<value xsi:type='INT' value='15000000000'/>", json!({"valueQuantity": {"value": 15_000_000_000_u64}})),
        ("<value xsi:type='REAL' value='0.10'/>", json!({"valueQuantity": {"value": 0.10}})),
        ("<value xsi:type='BL' value='false'/>", json!({"valueBoolean": false})),
        ("<value xsi:type='ST'>not  detected</value>", json!({"valueString": "not detected"})),
        ("<value xsi:type='ED'><reference value='#t'/></value>", json!({"valueString": "Lung sounds clear"})),
        ("<value>only words</value>", json!({"valueString": "only words"})),
        (
            "<value xsi:type='x:CD' code='1' codeSystem='2.16.840.1.113883.6.96' displayName='a'/>",
            json!({"valueCodeableConcept": {"coding": [{"system": snomed, "code": "1", "display": "a"}], "text": "a"}}),
        ),
        ("<value xsi:type='CD' nullFlavor='UNK'/>", json!(null)),
        (
            "<value xsi:type='IVL_PQ'><high value='5' unit='mg' inclusive='false'/></value>",
            json!({"valueQuantity": {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg", "comparator": "<"}}),
        ),
        (
            "<value xsi:type='IVL_PQ'><low value='1'/><high value='2'/></value>",
            json!({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}),
        ),
        (
            "<value xsi:type='RTO_PQ_PQ'><numerator value='1'/><denominator value='128'/></value>",
            json!({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
        ),
        ("<value xsi:type='TS' value='20200102'/>", json!({"valueDateTime": "2020-01-02"})),
        ("<value xsi:type='TS' value='202001021530'/>", json!({"valueString": "202001021530"})),
        ("<value xsi:type='IVL_TS'><low value='2020'/></value>", json!({"valuePeriod": {"start": "2020"}})),
    ];
    for (xml, want) in cases {
        let got = with(xml, |n, cx| value(n, cx).map_or(Value::Null, |(key, v)| json!({ key: v })));
        // Numbers by their digits: arbitrary precision compares as written.
        assert_eq!(got.to_string().contains("72.50"), want.to_string().contains("72.5"), "{xml}");
        assert_eq!(text_of(&got), text_of(&want), "{xml}");
    }
}

/// The JSON with trailing zeros of numbers left out, since a test's literals lose them.
fn text_of(value: &Value) -> String {
    value.to_string().replace("72.50", "72.5").replace("0.10", "0.1")
}

#[test]
fn codes_with_their_words() {
    let cases = [
        (
            "<code code='x' codeSystem='1.2.3' displayName='Shown'><originalText>as <b>written</b></originalText><translation code='J45' codeSystem='2.16.840.1.113883.6.90'/></code>",
            json!({"coding": [{"system": "urn:oid:1.2.3", "code": "x", "display": "Shown"}, {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45"}], "text": "as written"}),
        ),
        ("<code nullFlavor='UNK'/>", json!(null)),
        ("<code/>", json!(null)),
        (
            "<code nullFlavor='OTH'><originalText><reference value='#t'/></originalText></code>",
            json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor", "valueCode": "OTH"}], "text": "Lung sounds clear"}),
        ),
        ("<code code='8302-2' codeSystemName='LOINC'/>", json!({"coding": [{"system": "http://loinc.org", "code": "8302-2"}]})),
    ];
    for (xml, want) in cases {
        assert_eq!(with(xml, |n, cx| concept(n, cx).unwrap_or_default()), want, "{xml}");
    }
}

#[test]
fn people_and_places() {
    let some = |v: Option<Value>| v.unwrap_or_default();
    let cases = [
        ("<id root='1.2.3' extension='a'/>", json!({"system": "urn:oid:1.2.3", "value": "a"})),
        ("<id root='1.2.3'/>", json!({"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"})),
        ("<id nullFlavor='NI'/>", json!(null)),
        ("<id root='2.16.840.1.113883.4.1'/>", json!(null)),
        ("<id/>", json!(null)),
        ("<name>Ana Flores</name>", json!({"text": "Ana Flores"})),
        ("<name nullFlavor='UNK'/>", json!(null)),
        (
            "<name use='SRCH'><given>Ana</given></name>",
            json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-use", "valueCode": "SRCH"}], "given": ["Ana"]}),
        ),
        ("<addr use='TMP'>Box 4, <city>Ames</city></addr>", json!({"use": "temp", "line": ["Box 4,"], "city": "Ames"})),
        ("<addr><state nullFlavor='UNK'/></addr>", json!(null)),
        ("<telecom value='tel:+1-555' use='HP'/>", json!({"system": "phone", "value": "+1-555", "use": "home"})),
        ("<telecom value='555 0100'/>", json!({"system": "phone", "value": "555 0100"})),
        ("<telecom value='https://a.example'/>", json!({"system": "url", "value": "https://a.example"})),
        ("<telecom nullFlavor='UNK'/>", json!(null)),
        ("<telecom value='tel:'/>", json!(null)),
        // The amount is that of the element; another one beside it stays in words.
        (
            "<quantity value='1'><translation value='2'/></quantity>",
            json!({"value": 1, "extension": [{"url": "urn:keepwell:cda:translation", "valueString": "2"}]}),
        ),
        ("<quantity nullFlavor='OTH'><translation value='3' displayName='puffs'/></quantity>", json!({"value": 3, "unit": "puffs"})),
        ("<ratio/>", json!(null)),
    ];
    for (xml, want) in cases {
        let got = with(xml, |n, _| match xml::name(n) {
            "id" => some(identifier(n)),
            "name" => some(human_name(n)),
            "addr" => some(address(n)),
            "telecom" => some(telecom(n)),
            "quantity" => some(quantity(n)),
            _ => some(ratio(n)),
        });
        assert_eq!(got, want, "{xml}");
    }
}

#[test]
fn times_of_a_statement() {
    let cases = [
        ("<effectiveTime value='2020'/>", json!({"xDateTime": "2020"}), json!([])),
        (
            "<effectiveTime><low value='20200101'/><high nullFlavor='UNK'/></effectiveTime>",
            json!({"xPeriod": {"start": "2020-01-01"}}),
            json!([]),
        ),
        ("<effectiveTime><low value='20200101'/><high value='20200101'/></effectiveTime>", json!({"xDateTime": "2020-01-01"}), json!([])),
        ("<effectiveTime nullFlavor='UNK'/>", json!({}), json!([])),
        (
            "<effectiveTime xsi:type='IVL_TS'><low value='2020'/></effectiveTime><effectiveTime xsi:type='PIVL_TS' operator='A' institutionSpecified='true'><period value='8' unit='h'/></effectiveTime>",
            json!({"xPeriod": {"start": "2020"}}),
            json!([{"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}]),
        ),
        (
            "<effectiveTime xsi:type='PIVL_TS'><period value='8' unit='h'/></effectiveTime>",
            json!({}),
            json!([{"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}]),
        ),
        (
            "<effectiveTime xsi:type='PIVL_TS'><period xsi:type='IVL_PQ'><low value='4' unit='h'/><high value='6' unit='h'/></period></effectiveTime>",
            json!({}),
            json!([{"repeat": {"frequency": 1, "period": 4, "periodUnit": "h", "periodMax": 6}}]),
        ),
        (
            "<effectiveTime xsi:type='EIVL_TS'><event code='ACM'/><offset><low value='30' unit='min'/></offset></effectiveTime>",
            json!({}),
            json!([{"repeat": {"when": ["ACM"], "offset": 30}}]),
        ),
    ];
    for (xml, time, timings) in cases {
        let got = with(&format!("<observation>{xml}</observation>"), |n, _| {
            let effective = Effective::of(n);
            let mut out = json!({});
            effective.put(&mut out, "x");
            json!([out, effective.timings])
        });
        assert_eq!(got, json!([time, timings]), "{xml}");
    }
    let ended =
        with("<effectiveTime><low value='2019'/><high nullFlavor='UNK'/></effectiveTime>", |n, _| json!(Effective::one(n).high_null));
    assert_eq!(ended, "UNK");
}
