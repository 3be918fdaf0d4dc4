//! With KEEPWELL_CORPUS: every link, card and summary of others. Each is taken in or refused in plain words; what was taken
//! in goes out again as a sound summary.

use crate::export_world::World;
use crate::roundtrip::walk;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use keepwell::export::{Choice, Format, export};
use keepwell::import::pipeline::Accept;
use keepwell::share::{Payload, decrypt};
use serde_json::Value;
use std::path::PathBuf;

const MOST: u64 = 64 << 20;

#[test]
fn what_others_give_comes_in_and_goes_out_again() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").map(PathBuf::from) else {
        println!("KEEPWELL_CORPUS is not set: nothing of others");
        return;
    };
    let (mut taken, mut refused, mut summaries) = (0, 0, Vec::new());
    for folder in ["ips", "shl"] {
        let mut paths = Vec::new();
        walk(&corpus.join(folder), &mut paths);
        for path in paths {
            let (name, bytes) = (path.display().to_string(), std::fs::read(&path).unwrap());
            let world = World::new("Nobody In The Corpus", "1900-01-01", "unknown");
            let report = world.import_as("file", &bytes, Some(Accept::Anyone));
            assert!(report.adds_up(), "{name}: {report:?}");
            if let Some(error) = &report.error {
                refused += 1;
                // A record of FHIR is never refused whole.
                let json = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
                assert!(json.get("resourceType").is_none(), "{name}: {error}");
                assert!(error.ends_with('.') && world.chart.sources().unwrap().is_empty(), "{name}: {error}");
                continue;
            }
            taken += 1;
            let mut out = Vec::new();
            export(&world.chart, Format::Ips, &Choice::everything(), &mut out).unwrap();
            assert_eq!(crate::ips::findings(&out), Vec::<String>::new(), "{name}");
            summaries.push(out);
        }
    }
    println!("{taken} taken in, {refused} refused");
    assert!(taken > 50 && refused > 5, "{taken} taken in, {refused} refused");
    crate::ips::judged_by_others(&summaries);
}

#[test]
fn links_open_with_their_own_keys() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").map(std::path::PathBuf::from) else {
        println!("KEEPWELL_CORPUS is not set: no links of others");
        return;
    };
    let images = corpus.join("shl/hl7-smart-health-cards-and-links/input/images");
    let read = |name: &str| std::fs::read_to_string(images.join(name)).unwrap();
    let plainly = |stem: &str| {
        let link = Payload::parse(&read(&format!("{stem}-shl.txt"))).unwrap();
        assert!(link.flags.direct && !link.flags.passcode);
        decrypt(&link.key, &read(&format!("{stem}-enc.txt")), MOST)
    };
    let ours: Value = serde_json::from_slice(&plainly("IPS_IG-bundle-01").unwrap().plain).unwrap();
    assert_eq!(ours, serde_json::from_str::<Value>(&read("IPS_IG-bundle-01.json")).unwrap());
    // A signed card where an encrypted file should be.
    assert_eq!(plainly("CARIN_INS_CD-bundle-01").unwrap_err().kind, keepwell::Kind::Refused);
    for n in [1, 2] {
        let payload = std::fs::read_to_string(images.join(format!("../resources/shl-payload-{n}.json"))).unwrap();
        let minified: Value = serde_json::from_str(&payload).unwrap();
        assert!(Payload::parse(&format!("shlink:/{}", B64.encode(minified.to_string()))).is_ok(), "{payload}");
    }
}
