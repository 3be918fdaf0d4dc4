//! README.TXT and INDEX.HTM: what is in the archive, in words, and the whole summary as a page that needs no other program.

use super::{Held, SUBSET};
use crate::export::gather::{Gathered, Item, Part, Section};
use crate::export::html::style;
use crate::export::markup::{escape, escape_into};
use crate::export::parallel;
use crate::export::table::{self, LEFT_OUT};
use crate::record::PartialDate;

fn day(text: &str) -> String {
    PartialDate::parse(text).map_or_else(|| text.to_owned(), |d| d.day_words())
}

/// README.TXT (ITI TF-2, 3.32.4.1.4): plain text with line ends that every system shows.
pub(super) fn readme(gathered: &Gathered, held: &[Held]) -> String {
    let person = &gathered.person;
    let mut files = String::new();
    for one in held {
        files.push_str(&format!("  {SUBSET}/{}  {}\n", one.name, one.title.replace(['\r', '\n'], " ")));
    }
    let left = if gathered.left_out { format!("\n{LEFT_OUT}\n") } else { String::new() };
    let words = format!(
        "Health summary of {}, born {}\n\
         Put together by the person, with Keepwell, on {}\n\
         {left}\n\
         THIS IS NOT ENCRYPTED. Anyone who has this folder can read it.\n\
         \n\
         Open INDEX.HTM in any browser to read it. No network is needed.\n\
         Programs of a clinic import the folder as IHE XDM (Portable Data for Imaging\n\
         and documents): IHE_XDM/SUBSET01/METADATA.XML lists these documents:\n\
         \n\
         {files}",
        person.name,
        day(&person.birth_date),
        day(&gathered.made.to_string()),
    );
    words.replace('\n', "\r\n")
}

/// INDEX.HTM, with links to the files beside it: an address and words for each.
pub(super) fn page(gathered: &Gathered, files: &[(String, String)]) -> String {
    let person = &gathered.person;
    let name = escape(&person.name);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head>{}<title>Health summary of {name}</title></head>\n<body><main>\n\
         <h1>Health summary of {name}</h1>\n<p>Born {}. Put together by the person, with Keepwell, on {}.</p>\n",
        style(),
        escape(&day(&person.birth_date)),
        escape(&day(&gathered.made.to_string()))
    );
    if let Some(addressee) = &gathered.choice.addressee {
        out.push_str(&format!("<p>For: {}</p>\n", escape(addressee)));
    }
    for line in gathered.choice.note.iter().flat_map(|n| n.lines()).map(str::trim).filter(|l| !l.is_empty()) {
        out.push_str(&format!("<p>{}</p>\n", escape(line)));
    }
    if gathered.left_out {
        out.push_str(&format!("<p class=\"note\">{}</p>\n", escape(LEFT_OUT)));
    }
    let contacts = gathered.contacts();
    if !contacts.is_empty() {
        out.push_str(&format!("<p>To call: {}</p>\n", escape(&contacts.join("; "))));
    }
    // What else there is, for whoever would rather have it on paper or in a program.
    let first: Vec<String> = files.iter().take(2).map(|(address, words)| format!("<a href=\"{address}\">{}</a>", escape(words))).collect();
    out.push_str(&format!("<p>Also here: {}. <a href=\"#files\">All files in this folder ({})</a></p>\n", first.join(" · "), files.len()));
    let required = |part: Part| matches!(part, Part::Allergies | Part::Conditions | Part::Medicines);
    for section in gathered.sections.iter().filter(|s| required(s.part) || !s.is_unknown()) {
        part(&mut out, gathered, section);
    }
    not_so(&mut out, gathered);
    out.push_str("<h2 id=\"files\">The files in this folder</h2>\n<ul>\n");
    for (address, words) in files {
        out.push_str(&format!("<li><a href=\"{address}\">{}</a></li>\n", escape(words)));
    }
    out.push_str("</ul>\n</main></body></html>\n");
    out
}

fn part(out: &mut String, gathered: &Gathered, section: &Section) {
    let words = section.part.words();
    out.push_str(&format!("<h2>{words}</h2>\n"));
    for item in &section.none {
        out.push_str(&format!("<p>{} ({})</p>\n", escape(&item.title()), escape(&item.sources.join("; "))));
    }
    for item in &section.contradicted {
        out.push_str(&format!("<p>Another source says: {} ({})</p>\n", escape(&item.title()), escape(&item.sources.join("; "))));
    }
    if section.is_unknown() {
        out.push_str(&format!("<p>{}</p>\n", escape(&table::nothing(words))));
        return;
    }
    if section.items.is_empty() {
        return;
    }
    let newest: Vec<&Item> = section.items.iter().collect();
    rows(out, gathered, section.part, words, &newest);
    let earlier: Vec<&Item> = section.items.iter().flat_map(|item| &item.earlier).collect();
    if !earlier.is_empty() {
        out.push_str(&format!("<details><summary>Earlier values ({})</summary>\n", earlier.len()));
        rows(out, gathered, section.part, &format!("{words}, earlier values"), &earlier);
        out.push_str("</details>\n");
    }
}

fn rows(out: &mut String, gathered: &Gathered, part: Part, words: &str, items: &[&Item]) {
    out.push_str(&format!("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{words}\"><table><thead><tr>"));
    for head in table::heads(part) {
        out.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    for cells in parallel::map(items, |item| table::cells(part, &gathered.tell(item), item)) {
        out.push_str("<tr>");
        for (n, cell) in cells.iter().enumerate() {
            let (open, close) = if n == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            out.push_str(open);
            escape_into(out, cell);
            out.push_str(close);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn not_so(out: &mut String, gathered: &Gathered) {
    let mut lines = String::new();
    for section in &gathered.sections {
        for item in &section.not {
            let line = table::line(&gathered.tell(item), item);
            lines.push_str(&format!("<li>{}: {}</li>\n", section.part.words(), escape(&line)));
        }
    }
    if !lines.is_empty() {
        out.push_str(&format!("<h2>Ruled out, refused or not done</h2>\n<ul>\n{lines}</ul>\n"));
    }
}
