//! Unlock at boot.

use crate::web::app::Theme;
use crate::web::layout::{pill, plain_page, section};
use maud::{Markup, html};

pub(crate) fn page(prefix: &str, theme: Theme, open_for: Option<&str>) -> Markup {
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } li { a href=(format!("{prefix}/settings/keys")) { "Sign-in and keys" } } } }
        h1 { "Unlock at boot" }
        @match open_for {
            Some(name) => p { (pill("heed", "bang", "On")) " This server holds the charts of " b { (name) } " open for its own work." },
            None => p { (pill("quiet", "none", "Off")) " While nobody is signed in, this server cannot read any chart." },
        }
        (meaning())
        (section("how", "How it is turned on or off", None, &html! {
            p { "By whoever runs this server, not on a page: the file “keepwell.service” that comes with Keepwell shows how, and so does the help of “keepwell serve” (--unlock-file)." }
        }))
        p.acts { a.btn href=(format!("{prefix}/settings/keys")) { "Back" } }
    };
    plain_page(prefix, theme, "Unlock at boot", &body)
}

/// What it means: the same words here and in the help.
pub(crate) fn meaning() -> Markup {
    html! {
        (section("does", "What it does", None, &html! {
            p { "Usually the charts open when somebody signs in, and lock afterwards. With unlock at boot the server has one member’s key from the moment it starts. Then new records are taken in, backups are made and links are kept fresh also while nobody is signed in." }
            p { "It shows nobody anything: people still sign in with their passphrase and second factor." }
        }))
        (section("costs", "What it costs", None, &html! {
            ul {
                li { b { "Off: " } "a stolen machine or disk gives nothing away. Without a passphrase or recovery key nobody can read the charts." }
                li { b { "On, with a key file: " } "whoever steals the machine has the key with it, and can read every chart that this member can open. Use it only on a disk that is itself encrypted." }
                li { b { "On, with a credential sealed by systemd to the machine’s TPM: " } "a stolen disk alone gives nothing away. A stolen machine that still starts by itself opens the charts to whoever can take control of it." }
            }
            p { "A good middle way: a member of its own for the server, who may open only the charts that need work at night." }
        }))
    }
}
