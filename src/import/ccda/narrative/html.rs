//! Narrative as XHTML that can do nothing but be read.

use crate::import::ccda::context::Context;
use crate::import::ccda::xml::{Node, attr, children, name};

/// A part of the narrative as a FHIR `div`; `None` where it says nothing.
pub(crate) fn fragment(node: Node, cx: &Context) -> Option<String> {
    let mut out = Writer { html: String::new(), words: false, cx };
    // A row or cell alone would lose its table.
    match name(node) {
        "tr" => out.wrapped(node, "<table><tbody>", "</tbody></table>"),
        "td" | "th" => out.wrapped(node, "<table><tbody><tr>", "</tr></tbody></table>"),
        "thead" | "tbody" | "tfoot" => out.wrapped(node, "<table>", "</table>"),
        "item" => out.wrapped(node, "<ul>", "</ul>"),
        _ => out.walk(node),
    }
    out.words.then(|| format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", out.html))
}

/// The `text` of a section as a FHIR `div`.
pub(crate) fn section(section: Node, cx: &Context) -> Option<String> {
    let texts: Vec<Node> = children(section, "text").collect();
    let mut out = Writer { html: String::new(), words: false, cx };
    for text in texts {
        out.walk(text);
    }
    out.words.then(|| format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", out.html))
}

struct Writer<'c, 'a> {
    html: String,
    words: bool,
    cx: &'c Context<'a>,
}

enum Step<'a> {
    Enter(Node<'a>),
    Close(&'static str),
}

impl Writer<'_, '_> {
    fn wrapped(&mut self, node: Node, before: &str, after: &str) {
        self.html.push_str(before);
        self.walk(node);
        self.html.push_str(after);
    }

    /// A walk by hand, so that depth costs no stack.
    fn walk(&mut self, node: Node) {
        let mut stack = vec![Step::Enter(node)];
        while let Some(step) = stack.pop() {
            match step {
                Step::Close(tags) => self.html.push_str(tags),
                Step::Enter(n) if n.is_text() => self.text(n.text().unwrap_or("")),
                Step::Enter(n) if n.is_element() => {
                    let Some(close) = self.open(n) else { continue };
                    stack.push(Step::Close(close));
                    stack.extend(n.children().rev().map(Step::Enter));
                }
                Step::Enter(_) => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.words |= text.chars().any(|c| !c.is_whitespace());
        escape(text, &mut self.html);
    }

    /// Writes the start tag; gives the end tag, or `None` for an element that has been written whole or is left out.
    fn open(&mut self, node: Node) -> Option<&'static str> {
        let (tag, close) = match name(node) {
            "table" => ("table", "</table>"),
            "thead" => ("thead", "</thead>"),
            "tbody" => ("tbody", "</tbody>"),
            "tfoot" => ("tfoot", "</tfoot>"),
            "tr" => ("tr", "</tr>"),
            "td" => ("td", "</td>"),
            "th" => ("th", "</th>"),
            "list" | "ol" if name(node) == "ol" || attr(node, "listType").is_some_and(|t| t.eq_ignore_ascii_case("ordered")) => {
                ("ol", "</ol>")
            }
            "list" | "ul" => ("ul", "</ul>"),
            "item" | "li" => ("li", "</li>"),
            "paragraph" | "p" => ("p", "</p>"),
            // Within a table it is its caption; elsewhere a line of its own.
            "caption" if node.parent_element().is_some_and(|p| name(p) == "table") => ("caption", "</caption>"),
            "caption" if node.parent_element().is_some_and(|p| name(p) == "list") => ("li", "</li>"),
            "caption" => ("b", "</b> "),
            "br" => {
                self.html.push_str("<br/>");
                return None;
            }
            "sub" => ("sub", "</sub>"),
            "sup" => ("sup", "</sup>"),
            "content" => content(node),
            "b" | "strong" => ("b", "</b>"),
            "i" | "em" => ("i", "</i>"),
            "footnote" => ("small", "</small>"),
            "linkHtml" | "a" => return Some(self.link(node)),
            "renderMultiMedia" => {
                self.picture(node);
                return Some("");
            }
            "col" | "colgroup" | "footnoteRef" | "script" | "style" | "iframe" | "object" | "embed" => return None,
            // Whatever else: its words stay.
            _ => return Some(""),
        };
        self.html.push('<');
        self.html.push_str(tag);
        if let Some(id) = node.attributes().find(|a| a.name() == "ID").map(|a| a.value()) {
            let safe: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
            if !safe.is_empty() {
                self.html.push_str(&format!(" id=\"cda-{safe}\""));
            }
        }
        if matches!(tag, "td" | "th") {
            for span in ["colspan", "rowspan"] {
                if let Some(n) = attr(node, span).and_then(|v| v.parse::<u16>().ok()).filter(|n| (2..=1000).contains(n)) {
                    self.html.push_str(&format!(" {span}=\"{n}\""));
                }
            }
        }
        self.html.push('>');
        Some(close)
    }

    /// An address on the web stays a link; anything else is only its words and, if it has none, the address.
    fn link(&mut self, node: Node) -> &'static str {
        let href = attr(node, "href").unwrap_or("");
        let mut words = node.descendants().filter(roxmltree::Node::is_text);
        let silent = !words.any(|t| t.text().is_some_and(|t| !t.trim().is_empty()));
        let safe = href.starts_with("https://") && !href.contains(|c: char| c.is_control() || c.is_whitespace());
        if safe {
            self.html.push_str("<a href=\"");
            escape(href, &mut self.html);
            self.html.push_str("\">");
        }
        if silent && !href.starts_with('#') {
            self.text(href);
        }
        if safe { "</a>" } else { "" }
    }

    /// A picture is named; it is kept as a record of its own.
    fn picture(&mut self, node: Node) {
        let target = attr(node, "referencedObject").unwrap_or("");
        let media = self.cx.narrative_node(target);
        let kind = media.and_then(|m| crate::import::ccda::xml::child(m, "value")).and_then(|v| attr(v, "mediaType"));
        let words = match kind {
            Some(kind) => format!("[Picture: {target}, {kind}]"),
            None => format!("[Picture: {target}]"),
        };
        self.text(&words);
    }
}

fn content(node: Node) -> (&'static str, &'static str) {
    let style = attr(node, "styleCode").unwrap_or("").to_ascii_lowercase();
    let has = |code: &str| style.split(|c: char| c.is_whitespace() || c == ',').any(|s| s == code);
    if has("bold") {
        ("b", "</b>")
    } else if has("italics") || has("italic") || has("emphasis") {
        ("i", "</i>")
    } else if has("underline") {
        ("u", "</u>")
    } else if attr(node, "revised").is_some_and(|r| r.eq_ignore_ascii_case("delete")) {
        ("del", "</del>")
    } else {
        ("span", "</span>")
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push('\n'),
            c => out.push(c),
        }
    }
}
