//! Odd values in the entries of C-CDA: whatever stands where a number, a date or a code should is kept as it came, and
//! nothing is read into it.

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, ccda};

const FIXTURES: [(&str, &str); 3] = [
    ("core", include_str!("../data/ccda/entries-core.xml")),
    ("more", include_str!("../data/ccda/entries-more.xml")),
    ("elsewhere", include_str!("../data/ccda/entries-elsewhere.xml")),
];

fn read(text: &str) -> Collected {
    let mut sink = Collected::default();
    ccda::read(text.as_bytes(), "file.xml", &Limits::default(), &mut sink).expect("the document is read");
    sink
}

/// The places of the values of one attribute in the entries: those of the elements named.
fn values<'t>(text: &'t str, attribute: &str, elements: &[&str]) -> Vec<(std::ops::Range<usize>, &'t str)> {
    let tree = roxmltree::Document::parse(text).expect("XML");
    let entries = tree.descendants().filter(|n| n.tag_name().name() == "entry").flat_map(|e| e.descendants());
    let wanted = entries.filter(|n| n.is_element() && elements.contains(&n.tag_name().name()));
    // The low and high of an amount are no dates.
    let dated =
        |n: &roxmltree::Node| !elements.contains(&"effectiveTime") || n.ancestors().take(2).any(|a| a.tag_name().name() == "effectiveTime");
    wanted
        .filter(dated)
        .filter(|n| n.attribute("nullFlavor").is_none())
        .filter_map(|n| n.attribute_node(attribute))
        .map(|a| (a.range_value(), &text[a.range_value()]))
        .collect()
}

/// Each value of the fixtures replaced by `odd`, one at a time; those after which it is nowhere.
fn lost(attribute: &str, elements: &[&str], odd: &str, kept: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (name, text) in FIXTURES {
        for (range, was) in values(text, attribute, elements) {
            let at = text[..range.start].lines().count();
            let mutated = format!("{}{odd}{}", &text[..range.start], &text[range.end..]);
            let sink = read(&mutated);
            let said = sink.found.iter().any(|f| f.resource.to_string().contains(kept)) || !sink.skipped.is_empty();
            if !said {
                out.push(format!("{name} line {at}: {was}"));
            }
        }
    }
    out
}

#[test]
fn amounts_that_are_no_numbers_are_kept_in_words() {
    assert_eq!(lost("value", &["value", "doseQuantity", "rateQuantity"], "about 7,5", "about 7,5"), Vec::<String>::new());
}

#[test]
fn units_nobody_knows_are_kept() {
    assert_eq!(lost("unit", &["value", "doseQuantity", "rateQuantity", "period"], "Zoll /tag", "Zoll /tag"), Vec::<String>::new());
}

#[test]
fn dates_that_cannot_be_are_kept_and_give_no_date() {
    for odd in ["20150230", "00000000", "unknown"] {
        let lost = lost("value", &["effectiveTime", "low", "high"], odd, odd);
        assert_eq!(lost, Vec::<String>::new(), "{odd}");
    }
}

#[test]
fn a_value_without_its_type_is_read_all_the_same() {
    for (name, text) in FIXTURES {
        let plain = text.replace(" xsi:type=\"PQ\"", "").replace(" xsi:type=\"CD\"", "").replace(" xsi:type=\"IVL_TS\"", "");
        let (typed, untyped) = (read(text), read(&plain));
        assert_eq!(typed.found.len(), untyped.found.len(), "{name}");
        for (a, b) in typed.found.iter().zip(&untyped.found) {
            for key in ["valueQuantity", "valueCodeableConcept", "code", "status", "clinicalStatus", "verificationStatus"] {
                assert_eq!(a.resource.get(key), b.resource.get(key), "{key} at {}", a.place);
            }
        }
    }
}
