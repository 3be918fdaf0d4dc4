//! The viewer of health links.

use crate::web::app::Theme;
use crate::web::{assets, layout};
use maud::{Markup, html};

/// The page as it is before a link is opened. The script does the rest.
pub(crate) fn page(prefix: &str, look: Theme) -> Markup {
    let body = html! {
        a.skip href="#main" { "Skip to the page" }
        main.ask #main tabindex="-1" {
            p { span.brand { (layout::mark()) "Keepwell" } }
            h1 { "Open shared health records" }
            noscript { p { "The records are decrypted in your browser, and that needs its script. Turn scripts on for this page." } }
            form.form #open autocomplete="off" {
                div #js hidden {
                    p #label {}
                    p.soft #where {}
                    div.field #paste {
                        label for="link" { "The link that you were given" }
                        p.hint #link-hint { "It begins with shlink:/, or has that after a #. What is after the # never leaves your browser." }
                        textarea #link name="link" aria-describedby="link-hint" autocapitalize="none" spellcheck="false" {}
                    }
                    div.field #who hidden {
                        label for="recipient" { "Who are you?" }
                        p.hint #who-hint { "Your name, and the clinic you work for. The patient sees who opened the link." }
                        input #recipient name="recipient" maxlength="200" aria-describedby="who-hint";
                    }
                    div.field.spaced #code hidden {
                        label for="passcode" { "Passcode" }
                        p.hint #code-hint { "The patient told you. Too many wrong tries close the link." }
                        input.short #passcode name="passcode" aria-describedby="code-hint" autocapitalize="none" spellcheck="false";
                    }
                    p.acts.spaced { button.btn.main type="submit" { "Open" } }
                }
                p #told role="status" {}
            }
        }
    };
    layout::bare(prefix, look, "Shared health records – Keepwell", assets::names().viewer, &body)
}
