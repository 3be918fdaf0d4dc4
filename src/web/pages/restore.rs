//! The first run with a backup.

use crate::web::app::Theme;
use crate::web::layout::{icon, note, plain_page, plain_waiting};
use crate::web::pages::backups::meter;
use crate::web::pages::sign_in::show_what_i_type;
use crate::web::pages::words;
use crate::web::restores::Stage;
use maud::{Markup, html};

pub(crate) fn page(prefix: &str, theme: Theme, code: &str, stage: &Stage) -> Markup {
    let address = format!("{prefix}/welcome/restore?code={code}");
    match stage {
        Stage::None => plain_page(prefix, theme, "Restore a backup", &form(prefix, code, &address, None)),
        Stage::Failed(why) => plain_page(prefix, theme, "Restore a backup", &form(prefix, code, &address, Some(why))),
        Stage::Arriving => plain_waiting(prefix, theme, "Restoring", &address, &under_way(0, 0)),
        Stage::Working(done, total) => plain_waiting(prefix, theme, "Restoring", &address, &under_way(*done, *total)),
        Stage::Done(summary) => {
            let body = html! {
                h1 { "Your household is back" }
                p { "The backup of " b { (words::moment(summary.made)) } " was restored, and every file compared with it: "
                    (words::count(summary.charts as u64, "chart", "charts")) ", " (words::count(summary.files as u64, "file", "files")) "." }
                p { "Keepwell opens it now. That takes a few seconds. Then sign in as before." }
                p.acts { a.btn.main href=(format!("{prefix}/sign-in")) { "Sign in" } }
            };
            plain_page(prefix, theme, "Restored", &body)
        }
    }
}

fn under_way(done: u64, total: u64) -> Markup {
    let percent = (done * 100).checked_div(total).unwrap_or(0).min(100);
    html! {
        h1 { "Restoring" }
        p role="status" { (percent) " of 100 read. Every file is compared before anything is shown." }
        (meter(percent))
    }
}

fn form(prefix: &str, code: &str, address: &str, wrong: Option<&String>) -> Markup {
    html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/welcome?code={code}")) { "Welcome" } } } }
        h1 { "Restore a backup" }
        p { "A backup holds the whole household: its members, charts and files. Nothing is shown before all of it is checked." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(address) method="post" enctype="multipart/form-data" {
            div.field {
                label for="secret" { "Passphrase or recovery key" }
                p.hint #secret-hint { "Of the member who keeps the household, as it was on the day of the backup." }
                input #secret name="secret" type="password" required maxlength="1000" autocomplete="current-password" aria-describedby="secret-hint";
                (show_what_i_type("secret"))
            }
            div.field {
                label for="file" { "Backup file" }
                p.hint #file-hint { "Its name ends in .age." }
                input #file name="file" type="file" required aria-describedby="file-hint";
            }
            p.acts { button.btn.main type="submit" { (icon("add")) "Restore" } }
        }
    }
}
