//! Help: short answers in plain words.

use crate::web::app::Theme;
use crate::web::layout::plain_page;
use maud::{Markup, html};

/// Slug, title, one line, the text.
type Topic = (&'static str, &'static str, &'static str, fn() -> Markup);

const TOPICS: &[Topic] = &[
    ("add", "Adding records", "From a portal, a file, a scan", adding),
    ("read", "Reading a result", "Ranges, marks, and what they do not mean", reading),
    ("share", "Giving records to others", "A link, a page, a file, and what each of them can do", sharing),
    ("second", "The second factor", "Your phone, a passkey, ten codes on paper", second),
    ("unlock", "Unlock at boot", "What the server may do while nobody is signed in", super::unlock::meaning),
    ("passphrase", "A forgotten passphrase", "What the recovery key is for", passphrase),
    ("encryption", "What is encrypted and what is not", "On disk, in memory, on the way", encryption),
    ("security", "Security", "Who can get in, and how to keep them out", super::security::page),
];

pub(crate) fn index(prefix: &str, theme: Theme) -> Markup {
    let body = html! {
        h1 { "Help" }
        ul.rows {
            @for (slug, title, line, _) in TOPICS {
                li { div { span.name { a href=(format!("{prefix}/help/{slug}")) { (title) } } span.sub { (line) } } }
            }
        }
        p.acts { a.btn href=(format!("{prefix}/")) { "Back to the chart" } }
        p.soft { "In an emergency call your local emergency number." }
    };
    plain_page(prefix, theme, "Help", &body)
}

pub(crate) fn topic(prefix: &str, theme: Theme, slug: &str) -> Option<Markup> {
    let (_, title, _, text) = TOPICS.iter().find(|t| t.0 == slug)?;
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/help")) { "Help" } } } }
        h1 { (title) }
        div.flow { (text()) }
        p.acts { a.btn href=(format!("{prefix}/")) { "Back to the chart" } }
    };
    Some(plain_page(prefix, theme, title, &body))
}

fn adding() -> Markup {
    html! {
        ol {
            li { "Sign in at the doctor’s or hospital’s portal and look for “Download my records”, “Export” or “Share my record”." }
            li { "Save the file. A zip file is fine as it is: do not unpack it." }
            li { "In Keepwell choose “Add records”, then the file." }
        }
        p { "Keepwell looks at what is in a file, not at its name. It reads FHIR, C-CDA, zip files, PDF, pictures, office documents and text." }
        p { "Then a report says what was found, what is new, and what was left out and why. The file itself is kept, unchanged and encrypted." }
        p { "The same file twice does no harm: nothing is stored a second time." }
        p { "A file about somebody else is refused, and you are asked. Names and birth dates are compared." }
    }
}

fn sharing() -> Markup {
    html! {
        p { "Choose “Share”. First for whom, then what, until when and in which form. You see what goes out before it goes." }
        ul {
            li { b { "A link" } " opens in any browser, and you can stop it. Each opening is noted, with the name that they typed. The records are encrypted, and the key is in the link alone: this server cannot read what it hands out. So whoever has the whole link can read: send it to nobody else." }
            li { b { "A passcode" } " is asked for as well. Tell it by phone or in person. Ten wrong tries close the link for good." }
            li { b { "An encrypted page" } " is one file for e-mail or a USB stick. It opens without a network, with six words. It cannot be called back." }
            li { b { "A file" } ", such as a PDF or a C-CDA document, is what many clinics can take in. It is not encrypted." }
        }
        p { "A link works for others only if they can reach this server from where they are. If they cannot, the page says so: give an encrypted page or a file then." }
        p { "If you let them answer, what they send waits, encrypted, under Sources, until you take it or throw it away." }
        p { "A single record can be put in or left out, whatever else you choose: tick it in the lists beside the form, find it by its words under “What?”, or choose “Give this record to somebody” on its own page." }
        p { "Sensitive kinds (mental health, pregnancy, sexual health, alcohol and drugs, genetics, HIV) stay out unless you tick them. The reader is told that not everything is there, never what was left out." }
    }
}

fn reading() -> Markup {
    html! {
        p { "A result is marked when it lies outside the range that its own lab gave with it. Another lab may give another range, so each result is compared with its own." }
        p { "Outside a range is not always a problem, and inside is not always fine. Ask the one who ordered the test." }
        p { "No mark and grey dashes: the source gave no range. Keepwell does not guess one." }
        p { "“Not known” is not the same as “none”. Where sources differ, both are shown." }
    }
}

fn passphrase() -> Markup {
    html! {
        p { "Your passphrase opens the lock on your records. Nobody else has it, so nobody can send you a new one." }
        p { "On the first day Keepwell showed a recovery key, to be kept on paper. It is the key itself: with it the records can be opened without the passphrase, also with the standard tools “age” and “sqlcipher”. The README of Keepwell says how. On the sign-in page it stands in for the passphrase; a second factor is asked for all the same." }
        p { "To set a new passphrase on the sign-in page you need the recovery key and one of your ten recovery codes. With the key alone it takes the console of the server: “keepwell member recover”. So a stolen sheet of paper does not go around your second factor." }
        p { "Without passphrase and recovery key the records cannot be read by anyone. Ask your providers for them again." }
    }
}

fn second() -> Markup {
    html! {
        p { "A second factor is something that you have: an app on your phone that shows six digits, a passkey, or a small key on your key ring. Somebody who has seen you type your passphrase still stands outside." }
        p { "Turn it on under Settings, Sign-in and keys. It counts once a first code or touch has shown that it works." }
        h2 { "I lost my phone or my key" }
        p { "Sign in with your passphrase, choose “I lost my phone or my key”, and type one of your ten recovery codes. Each works once. Then take the lost one off under Settings, and add a new one." }
        p { "No codes either? Whoever runs the server can take your second factors off at its console, with your recovery key: “keepwell member recover --reset-factors”." }
        h2 { "What it guards, and what not" }
        p { "It guards the way in over the network. At the console of the server, “keepwell” asks for the passphrase or recovery key alone: who is there has the encrypted files in hand anyway." }
    }
}

fn encryption() -> Markup {
    html! {
        h2 { "Encrypted, always" }
        ul {
            li { "Every record, and the index that search uses." }
            li { "Every original file, byte for byte, from the moment it arrives. Nothing plain is written to the disk, not even for a moment." }
            li { "The keys themselves, under your passphrase." }
        }
        h2 { "Not encrypted" }
        ul {
            li { "Who may sign in, and whose charts there are: names and birth dates of the household. Nothing about health." }
            li { "How many files there are, how large, and when they changed." }
            li { "The server’s log: times and kinds of pages. No names, no words of yours, no health data." }
        }
        h2 { "While you are signed in" }
        p { "The keys are in the memory of this server, so that it can show you the pages. When you sign out, or are away for a while, they go." }
        p { "A stolen disk, a stolen backup or a locked server gives nothing away. Somebody who controls the running server while you are signed in can see what it shows you." }
        h2 { "On the way to your browser" }
        p { "On the same machine nothing leaves it. Over a network, use an https address: with plain http, others on that network could read along." }
    }
}
