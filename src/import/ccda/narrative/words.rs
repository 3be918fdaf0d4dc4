//! Narrative as plain words.

use crate::import::ccda::xml::{Node, fold, name};

/// The words of a part of the narrative: blocks and rows on lines of their own, cells set apart.
pub(crate) fn plain(node: Node) -> Option<String> {
    let mut out = String::new();
    // A walk by hand, since narrative may be nested as deep as the limit allows.
    let mut stack = vec![Step::Enter(node)];
    while let Some(step) = stack.pop() {
        match step {
            Step::Enter(n) if n.is_text() => out.push_str(&n.text().unwrap_or("").replace(['\r', '\n', '\t'], " ")),
            Step::Enter(n) if n.is_element() => {
                match name(n) {
                    "br" | "paragraph" | "tr" | "item" | "list" | "table" | "caption" | "title" => out.push('\n'),
                    "td" | "th" => out.push('\t'),
                    _ => {}
                }
                stack.push(Step::Leave(n));
                stack.extend(n.children().rev().map(Step::Enter));
            }
            Step::Leave(n) if matches!(name(n), "paragraph" | "tr" | "item" | "list" | "table" | "caption" | "title") => out.push('\n'),
            _ => {}
        }
    }
    let lines: Vec<String> = out
        .lines()
        .map(|l| l.split('\t').map(fold).filter(|c| !c.is_empty()).collect::<Vec<_>>().join(" \u{00B7} "))
        .filter(|l| !l.is_empty())
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

enum Step<'a> {
    Enter(Node<'a>),
    Leave(Node<'a>),
}
