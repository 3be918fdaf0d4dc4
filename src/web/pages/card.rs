//! The emergency card: how it looks, what is on it, the code on it.

use crate::record::Sensitive;
use crate::share::card::{Card, Face, Field, LONGEST};
use crate::share::{Reach, Share, State};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, pill, section};
use crate::web::pages::words;
use maud::{Markup, PreEscaped, html};

/// The colour of a person on paper, as `assets/css/tokens.css` has it in light.
pub(crate) fn colour(name: &str) -> &'static str {
    match name {
        "plum" => "#6a2c60",
        "indigo" => "#39428f",
        "umber" => "#67432d",
        "pine" => "#17574a",
        "slate" => "#435463",
        _ => "#125a88",
    }
}

/// The page.
pub(crate) fn page(
    cx: &ChartCx,
    card: &Card,
    face: &Face,
    code: Option<&Share>,
    reach: Reach,
    held: &[Sensitive],
    has_photo: bool,
) -> Markup {
    let body = html! {
        header.head {
            h1 { "Emergency card" }
            p { "For a wallet and for a phone’s lock screen. Anyone who finds it can read it: choose what is on it." }
            div.acts.no-print {
                a.btn.main href=(cx.to("card/wallet")) { (icon("print")) "Save the card to print" }
                a.btn href=(cx.to("card/lock-screen")) { (icon("save")) "Save the lock-screen picture" }
            }
        }
        div.pair {
            div.flow {
                h2.no-print { "Wallet card" }
                p.soft.no-print { "Print the saved card at 100 %, cut along the outer line, fold once, glue. It is as large as a bank card: 85.6 by 54 mm." }
                (wallet(cx, face))
                p.soft.no-print { "Here you see all of it. On the card to print the letters are made smaller until it fits; what does not fit even so is counted there, never cut off." }
                @if face.lacks_letters() {
                    p.soft.no-print { "The card to print has no typeface for some of these letters: each shows as □ there. Write such a name in Latin letters too." }
                }
            }
            div.flow.no-print {
                h2 { "Lock screen" }
                p.soft { "Save the picture and set it as your phone’s background. The top third stays free for the clock." }
                (lock(cx, face))
            }
        }
        div.no-print {
            (form(cx, card, held, has_photo))
            (photo_form(cx, has_photo))
            (the_code(cx, code, reach))
        }
    };
    chart_page(cx, &Page { title: "Emergency card", nav: "card", crumbs: &[] }, &body)
}

fn wallet(cx: &ChartCx, face: &Face) -> Markup {
    html! {
        div class=(format!("wallet who-{}", cx.person.colour)) role="group" aria-label="Wallet card, both sides" {
            div.wallet-side {
                div.wallet-top {
                    @if !face.photo.is_empty() { img.wallet-photo src=(cx.to("photo")) alt=(format!("Photo of {}", face.name)); }
                    div { h3 { (face.name) } p { "Born " (face.born) @if !face.language.is_empty() { " · " (face.language) } } }
                    h4 { "EMERGENCY" br; "CARD" }
                }
                @if !face.allergies.is_empty() || !face.no_allergies.is_empty() {
                    div.alarm {
                        h4 { "Allergies" }
                        p { @if face.allergies.is_empty() { (face.no_allergies) } @else { (face.allergies.join(" · ")) } }
                    }
                }
                div.split {
                    div {
                        @if !face.conditions.is_empty() { p { b { "Conditions: " } (face.conditions.join(", ")) } }
                        @if !face.implants.is_empty() { p { b { "Implants: " } (face.implants.join(", ")) } }
                        @if !face.contacts.is_empty() { p { b { "Call: " } (face.contacts.join("; ")) } }
                    }
                    @if !face.code.is_empty() { div.qr { (PreEscaped(&face.code)) } }
                }
            }
            div.wallet-side {
                @if !face.medicines.is_empty() { div { h4 { "Medicines" } ul { @for one in &face.medicines { li { (one) } } } } }
                @for line in &face.lines { p { b { (line.label) ": " } (line.words) } }
                p.wallet-foot { @if !face.code.is_empty() { "Scan the code for the full summary. " } "Made " (face.made) "." }
            }
        }
    }
}

/// As the picture has it: of the medicines the names alone.
fn lock(cx: &ChartCx, face: &Face) -> Markup {
    let names: Vec<&str> = face.medicines.iter().map(|m| m.split(':').next().unwrap_or(m)).collect();
    html! {
        div.lock role="group" aria-label="Lock-screen picture" {
            div.lock-top {
                div { p { b { "EMERGENCY" } } h3 { (face.name) } p { "Born " (face.born) } }
                @if !face.photo.is_empty() { img.wallet-photo src=(cx.to("photo")) alt=(format!("Photo of {}", face.name)); }
            }
            @if !face.allergies.is_empty() || !face.no_allergies.is_empty() {
                div.alarm { "ALLERGIES: " @if face.allergies.is_empty() { (face.no_allergies) } @else { (face.allergies.join(" · ")) } }
            }
            @if !face.conditions.is_empty() { p { b { "Conditions: " } (face.conditions.join(", ")) } }
            @if !names.is_empty() { p { b { "Medicines: " } (names.join(", ")) } }
            @if !face.contacts.is_empty() { p { b { "Call: " } (face.contacts.join("; ")) } }
            @if !face.code.is_empty() { div.qr { (PreEscaped(&face.code)) } }
        }
    }
}

fn form(cx: &ChartCx, card: &Card, held: &[Sensitive], has_photo: bool) -> Markup {
    let on = |field: &Field| card.fields.contains(field);
    html! {
        (section("what-is-on-it", "What is on it", None, &html! {
            form.form method="post" action=(cx.to("card")) {
                fieldset {
                    legend { "From the chart" }
                    div.ticks {
                        @for field in Field::ALL.iter().filter(|f| !f.is_typed() && (**f != Field::Photo || has_photo)) {
                            label.tick { input type="checkbox" name="field" value=(field.slug()) checked[on(field)]; span { (field.words()) } }
                        }
                    }
                    @if !held.is_empty() {
                        p.hint { "These kinds stay off the card and out of its code unless you tick them:" }
                        div.ticks {
                            @for kind in held {
                                label.tick { input type="checkbox" name="sensitive" value=(kind.slug()) checked[card.scope.sensitive.contains(*kind)]; span { (kind.words()) } }
                            }
                        }
                    }
                }
                fieldset.sec {
                    legend { "Told by you" }
                    @for field in Field::ALL.iter().filter(|f| f.is_typed()) { (typed(card, *field)) }
                }
                p.acts { button.btn.main type="submit" { "Save" } }
            }
        }))
    }
}

/// The photograph: it is kept whether or not it is on the card.
fn photo_form(cx: &ChartCx, has_photo: bool) -> Markup {
    section(
        "photo",
        "Photo",
        None,
        &html! {
            @if has_photo { img.portrait src=(cx.to("photo")) alt=(format!("Photo of {}", cx.person.name)); }
            form.form method="post" action=(cx.to("photo")) enctype="multipart/form-data" {
                div.field {
                    label for="photo-file" { @if has_photo { "Another photo" } @else { "Choose a photo" } }
                    p.hint #photo-hint { "A face by which a stranger knows you. JPEG, PNG or WebP. It is made small, and what the camera wrote into it (place, time) is taken out." }
                    input #photo-file name="photo" type="file" accept="image/jpeg,image/png,image/webp" aria-describedby="photo-hint" required;
                }
                p.acts { button.btn type="submit" { (icon("save")) "Save the photo" } }
            }
            @if has_photo {
                form method="post" action=(cx.to("photo")) enctype="multipart/form-data" {
                    p.acts { button.btn.harm type="submit" name="act" value="remove" { "Remove the photo" } }
                }
                p.soft { "Cards that are printed keep the photo that is on them." }
            }
        },
    )
}

fn typed(card: &Card, field: Field) -> Markup {
    let value = card.said.get(&field).map_or("", String::as_str);
    let (id, long) = (field.slug(), matches!(field, Field::Contacts | Field::Doctors));
    html! {
        div.field {
            label for=(id) { (field.words()) }
            @if long {
                p.hint { "One a line: name, who it is, phone." }
                textarea id=(id) name=(id) rows="3" maxlength=(LONGEST) { (value) }
            } @else {
                input id=(id) name=(id) value=(value) maxlength=(LONGEST) autocomplete="off";
            }
            label.tick { input type="checkbox" name="field" value=(id) checked[card.fields.contains(&field)]; span { "On the card" } }
        }
    }
}

fn the_code(cx: &ChartCx, code: Option<&Share>, reach: Reach) -> Markup {
    let open = code.filter(|share| share.state == State::Open);
    section(
        "the-code",
        "The code on it",
        None,
        &html! {
            @if reach != Reach::Anyone {
                (note("heed", &html! {
                    p { "This server has no address that works from outside your home, so a code on the card would open nothing there. The card itself reads without any network." }
                }))
            }
            dl.facts {
                div { dt { "Opens" } dd { "The emergency summary, without a passcode: whoever holds the card may need it at once" } }
                div {
                    dt { "State" }
                    dd {
                        @match open {
                            Some(share) => { (pill("fine", "ok", "Works")) " since " (words::moment(share.created)) }
                            None if code.is_some() => { (pill("quiet", "none", "Stopped")) }
                            None => { "No code yet" }
                        }
                    }
                }
                @if let Some(share) = code {
                    div { dt { "Opened" } dd { @match share.last { Some(last) => { (words::count(share.openings, "time", "times")) ", last " (words::moment(last)) } None => { "Never. You get a notice at the first time" } } } }
                    div { dt { "If you lose the card" } dd { "Stop the code. Whoever scans it then reads: “" (share.label) "”" } }
                }
            }
            form method="post" action=(cx.to("card/code")) {
                p.acts {
                    button.btn type="submit" name="act" value="make" { @if open.is_some() { "Make a new code" } @else { "Make a code" } }
                    @if open.is_some() { button.btn.harm type="submit" name="act" value="stop" { "Stop this code" } }
                }
            }
            @if open.is_some() { p.soft { "A new code stops the old one: print the card again then." } }
        },
    )
}
