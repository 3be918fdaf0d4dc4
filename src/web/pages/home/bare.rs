//! Home of a chart that holds nothing yet: what would be here, and where to begin.

use crate::vault::Role;
use crate::web::app::ChartCx;
use crate::web::layout::{empty, icon, none_seen, section};
use crate::web::pages::words;
use maud::{Markup, html};

/// The page.
pub(super) fn bare(cx: &ChartCx) -> Markup {
    let first = words::first_name(&cx.person.name);
    if cx.chart.is_limited() {
        let heading = html! { (words::possessive(first)) " chart" };
        return html! { header.head { h1 { (heading) } } (none_seen(cx, "", "", &html! {})) };
    }
    let writes = cx.role >= Role::Carer;
    html! {
        header.head {
            h1 { @if cx.own() { "Your chart is ready" } @else { (words::possessive(first)) " chart is ready" } }
            p { "It holds nothing yet." @if writes { " Start with one of these. The first takes about five minutes." } }
        }
        @if writes {
            ol.rows.starts {
                li {
                    div {
                        span.name { "Bring in records from a portal" }
                        span.sub { "Sign in at the doctor’s portal, choose “Download my records”, then give the file to Keepwell. It reads FHIR, C-CDA, zip files, PDF and pictures." }
                    }
                    div.end { a.btn.main href=(cx.to("add")) { (icon("add")) "Choose a file" } }
                }
                li {
                    div {
                        span.name { "Write down whom to call" }
                        span.sub { "The emergency card holds contacts, doctors and blood type as you know them. It works before any record is here." }
                    }
                    div.end { a.btn href=(cx.to("card")) { (icon("card")) "Make the card" } }
                }
                @if cx.role == Role::Owner {
                    li {
                        div {
                            span.name { "Let someone help" }
                            span.sub { "Give a relative a role on this chart, to read or to add." }
                        }
                        div.end { a.btn href=(cx.to("people/add")) { (icon("people")) "Invite a helper" } }
                    }
                }
            }
        }
        div.pair {
            div {
                (section("allergies", "Allergies", None, &empty("Not known yet", "This is not the same as “none”. Allergies and their reactions will stand here, first on the page.", &html! {})))
                (section("outside", "Results outside their range", None, &empty("No results yet", "They appear here when you add records. Only results with a range from their lab are marked.", &html! {})))
            }
            div {
                (section("medicines-now", "Medicines now", None, &empty("None recorded", "What a source says is taken now will stand here.", &html! {})))
                (section("next-appointment", "Next appointment", None, &empty("Nothing planned here", "Appointments that a source names will stand here.", &html! {})))
            }
        }
        (section("good-to-know", "Good to know", None, &html! {
            ul {
                li { "Everything you add is locked with your passphrase. Keep the recovery key on paper: without it a lost passphrase means lost records." }
                li { "Nothing leaves this machine unless you save or share it." }
                li { "The same file twice does no harm, and a file about somebody else is refused." }
            }
        }))
    }
}
