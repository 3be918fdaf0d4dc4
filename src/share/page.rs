//! The encrypted page: one HTML file that opens in any browser with no network. It asks for the passphrase, decrypts what
//! lies in it with WebCrypto and shows the same sheet as a link does.
//!
//! AES-256-GCM under a key that PBKDF2-SHA-256 makes of the passphrase in 600,000 rounds (OWASP, 2023). The passphrase is
//! six words of ours, 66 bits: nobody chooses it.

use super::content::{Content, Told, content};
use crate::export::{Choice, Format, export};
use crate::vault::Chart;
use crate::{Error, Result};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateEncoder;
use pbkdf2::pbkdf2_hmac;
use pbkdf2::sha2::Sha256;
use serde_json::json;
use sha2::Digest;
use std::io::Read;
use std::sync::{Arc, LazyLock};
use zeroize::Zeroizing;

/// Rounds of PBKDF2.
const ROUNDS: u32 = 600_000;
/// What the cipher also vouches for.
const ABOUT: &str = "keepwell encrypted page 1";

/// The stylesheets of the sheet, in their order, then those for paper.
const STYLES: [&str; 17] = [
    include_str!("../../assets/css/tokens.css"),
    include_str!("../../assets/css/ground.css"),
    include_str!("../../assets/css/icon.css"),
    include_str!("../../assets/css/skip-link.css"),
    include_str!("../../assets/css/brand.css"),
    include_str!("../../assets/css/section.css"),
    include_str!("../../assets/css/card.css"),
    include_str!("../../assets/css/row.css"),
    include_str!("../../assets/css/pill.css"),
    include_str!("../../assets/css/table.css"),
    include_str!("../../assets/css/button.css"),
    include_str!("../../assets/css/form.css"),
    include_str!("../../assets/css/dialog-as-page.css"),
    include_str!("../../assets/css/summary-sheet.css"),
    include_str!("../../assets/css/page-helpers.css"),
    include_str!("../../assets/css/viewer.css"),
    include_str!("../../assets/css/forced-colours.css"),
];
const PAPER: &str = include_str!("../../assets/print.css");
const SHOW: &str = include_str!("../../assets/viewer/show.js");
const LINK: &str = include_str!("../../assets/viewer/link.js");
const PAGE: &str = include_str!("../../assets/viewer/page.js");

/// The script of the viewer of links: served with the other assets.
pub fn viewer_script() -> String {
    alone(LINK)
}

/// Parts of a script in a scope of their own.
fn alone(last: &str) -> String {
    format!("\"use strict\";\n(() => {{\n{SHOW}\n{last}\n}})();\n")
}

static STYLE: LazyLock<String> = LazyLock::new(|| format!("{}\n@media print {{\n{PAPER}\n}}\n", STYLES.join("\n")));
static SCRIPT: LazyLock<String> = LazyLock::new(|| alone(PAGE));

/// A file that can be saved out of the page.
pub struct Page<'a> {
    /// The words on its button.
    pub words: &'a str,
    /// Its name when saved.
    pub name: &'a str,
    /// Its media type.
    pub kind: &'a str,
    /// The file.
    pub bytes: &'a [u8],
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page({})", self.name)
    }
}

/// The page of what a choice takes of a chart, with the summary as C-CDA and PDF to be saved out of it.
///
/// # Errors
/// As [`content`].
pub fn page_of(chart: &Arc<Chart>, choice: &Choice, passphrase: &str) -> Result<String> {
    let content = content(chart, choice, Told::default())?;
    let made = |format: Format| {
        let mut out = Zeroizing::new(Vec::new());
        export(chart, format, choice, &mut *out).map(|_| out)
    };
    let (ccda, pdf) = (made(Format::Ccda)?, made(Format::Pdf)?);
    let files = [
        Page { words: "Save as C-CDA", name: Format::Ccda.file_name(), kind: Format::Ccda.media_type(), bytes: &ccda },
        Page { words: "Save as PDF", name: Format::Pdf.file_name(), kind: Format::Pdf.media_type(), bytes: &pdf },
    ];
    encrypted_page(&content, &files, passphrase)
}

/// Makes the page. What is readable without the passphrase says nothing about anyone.
///
/// # Errors
/// Internal when there is no randomness.
pub fn encrypted_page(content: &Content, files: &[Page<'_>], passphrase: &str) -> Result<String> {
    let texts = content.files.iter().map(|(_, bytes)| std::str::from_utf8(bytes).map_err(Error::internal)).collect::<Result<Vec<_>>>()?;
    let files: Vec<_> =
        files.iter().map(|f| json!({"words": f.words, "name": f.name, "type": f.kind, "data": STANDARD.encode(f.bytes)})).collect();
    let plain = Zeroizing::new(json!({"texts": texts, "files": files}).to_string());
    let mut packed = Zeroizing::new(Vec::new());
    DeflateEncoder::new(plain.as_bytes(), Compression::default()).read_to_end(&mut packed)?;
    let (salt, nonce) = (super::random::<16>()?, super::random::<12>()?);
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2_hmac::<Sha256>(tidy(passphrase).as_bytes(), salt.as_slice(), ROUNDS, key.as_mut_slice());
    let sealed = Aes256Gcm::new_from_slice(key.as_slice())
        .map_err(|_| Error::internal("a key of another length"))?
        .encrypt(&Nonce::from(*nonce), Payload { msg: &packed, aad: ABOUT.as_bytes() })
        .map_err(|_| Error::internal("a page could not be encrypted"))?;
    let sealed = json!({"rounds": ROUNDS, "salt": STANDARD.encode(salt.as_slice()), "iv": STANDARD.encode(nonce.as_slice()),
        "about": ABOUT, "data": STANDARD.encode(sealed)});
    Ok(html(&sealed.to_string()))
}

/// Words as they were given: case and spaces do not matter. The page's script does the same.
fn tidy(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(sha2::Sha256::digest(text.as_bytes())))
}

/// `sealed` holds base64, numbers and words of ours: nothing in it can end the element that it stands in.
fn html(sealed: &str) -> String {
    let (style, script) = (STYLE.as_str(), SCRIPT.as_str());
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src blob: data:; form-action 'none'; base-uri 'none'",
        hash(script),
        hash(style)
    );
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Encrypted health summary – Keepwell</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<main class="ask" id="main" tabindex="-1">
<h1>Encrypted health summary</h1>
<p>Somebody has given you health records in this file. They are encrypted. Type the six words that you were told.</p>
<form class="form" id="open">
<div id="js" hidden>
<div class="field"><label for="passphrase">The six words</label><p class="hint" id="hint">Small or large letters do not matter. Nothing is sent anywhere.</p><input id="passphrase" name="passphrase" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="hint" required></div>
<p class="acts spaced"><button class="btn main" type="submit">Open the records</button></p>
</div>
<p id="told" role="status"></p>
</form>
<noscript><p>This page decrypts the records in your browser, and needs its script for that. Turn scripts on for this file.</p></noscript>
</main>
<script type="application/json" id="sealed">{sealed}</script>
<script>{script}</script>
</body>
</html>
"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        Content { files: vec![("application/fhir+json", text.as_bytes().to_vec())], records: 1, digest: String::new() }
    }

    #[test]
    fn nothing_is_readable_and_nothing_is_loaded() {
        let html = encrypted_page(&content(r#"{"resourceType":"Bundle","x":"Penicillin"}"#), &[], "acorn river").expect("a page");
        assert!(!html.contains("Penicillin") && !html.contains("acorn river"));
        for outside in ["src=", "href=\"http", "url(", "@import", "connect-src"] {
            assert!(!html.contains(outside), "{outside}");
        }
        // The policy is in a quoted attribute, and the scripts it names are those that stand there.
        assert!(html.contains(&hash(SCRIPT.as_str())) && html.contains(&hash(STYLE.as_str())));
        assert_eq!(html.matches("</script>").count(), 2);
    }

    #[test]
    fn what_a_record_says_cannot_leave_its_place() {
        let html = encrypted_page(&content("</script><script>alert(1)</script>"), &[], "a b").expect("a page");
        assert_eq!(html.matches("<script").count(), 2);
        assert_eq!(tidy("  Acorn\n RIVER ").as_str(), "acorn river");
    }

    #[test]
    fn the_viewer_is_small() {
        let size = SHOW.len() + LINK.len() + PAGE.len() + include_str!("../../assets/css/viewer.css").len();
        assert!(size < 60_000, "{size}");
        for wrong in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setTimeout(\""] {
            assert!(!SHOW.contains(wrong) && !LINK.contains(wrong) && !PAGE.contains(wrong), "{wrong}");
        }
    }
}
