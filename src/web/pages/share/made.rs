//! The six words of an encrypted page, shown before the file is saved.

use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note};
use maud::{Markup, html};

/// Asks to write the words down, then saves the page. `fields`: the form as it was sent.
pub(crate) fn words_first(cx: &ChartCx, words: &str, token: &str, fields: &[(String, String)]) -> Markup {
    let body = html! {
        header.head {
            h1 { "The encrypted page is ready" }
            p { "It opens in any browser, without a network, with these six words." }
        }
        div.card { p.big-value { (words) } }
        (note("heed", &html! {
            p { b { "Write the words down now." } " They are not kept and not shown again. Tell them by phone or in person, never in the same message as the file." }
            p { "A page that is out of your hands cannot be called back." }
        }))
        form method="post" action=(cx.to("share")) {
            @for (name, value) in fields.iter().filter(|(name, _)| name != "act" && name != "find") { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="words" value=(token);
            p.acts {
                button.btn.main type="submit" name="act" value="save" { (icon("save")) "Save the page" }
                a.btn href=(cx.to("share")) { "Back to sharing" }
            }
        }
    };
    chart_page(cx, &Page { title: "Encrypted page", nav: "share", crumbs: &[("Share", "share")] }, &body)
}
