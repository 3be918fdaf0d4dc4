//! Drawings made by the server: number line, spark, trend. Positions in %, text in rem, so that they stretch without shrinking
//! their words. Colour only repeats what a word and a shape say: a dot is in range, a diamond outside.

use crate::chart::goals::Limit;
use crate::chart::trend::{Point, Series};
use crate::record::{Flag, PartialDate, Reading};
use maud::{Markup, html};

fn outside(flag: Option<Flag>) -> bool {
    matches!(flag, Some(Flag::Above | Flag::Below | Flag::Outside))
}

/// Where things stand on a number line, in percent.
#[derive(Debug)]
struct Line {
    low: Option<f64>,
    high: Option<f64>,
    mark: f64,
    /// The numbers at its two ends.
    ends: (f64, f64),
}

impl Line {
    /// Where a number stands, if it is on the line.
    fn place(&self, number: f64) -> Option<f64> {
        let (start, end) = self.ends;
        Some((number - start) / (end - start) * 100.0).filter(|at| (1.0..=99.0).contains(at))
    }
}

/// The stretch that a number line shows: the range and about as much on either side of it; a value far out stands at the edge.
fn line(reading: &Reading) -> Option<Line> {
    let (number, range) = (reading.number.filter(|n| n.is_finite())?, reading.range.as_ref()?);
    let (low, high) = (range.low.filter(|n| n.is_finite()), range.high.filter(|n| n.is_finite()));
    let (start, end) = match (low, high) {
        (Some(low), Some(high)) if high > low => {
            let width = high - low;
            // Beside a value outside there is room, as long as it does not lie far out.
            let start = (low - width * 0.6).min(number - width * 0.25);
            let start = if low >= 0.0 && number >= 0.0 { start.max(0.0) } else { start };
            (start.min(low.min(number)).max(low - width * 3.0), (high + width * 0.9).max(number + width * 0.4).min(high + width * 4.0))
        }
        (None, Some(high)) if high > 0.0 => (0f64.min(number), (high * 2.0).max(number * 1.1).min(high * 6.0)),
        (Some(low), None) if low > 0.0 => ((0f64).min(number), (low * 2.0).max(number * 1.1).min(low * 6.0)),
        _ => return None,
    };
    let width = end - start;
    if width <= 0.0 || !width.is_finite() {
        return None;
    }
    let place = |n: f64| ((n - start) / width * 100.0).clamp(0.0, 100.0);
    Some(Line { low: low.map(place), high: high.map(place), mark: place(number).clamp(2.0, 98.0), ends: (start, end) })
}

fn percent(n: f64) -> String {
    format!("{n:.1}%")
}

/// The blocks below, inside and above the range. `y` and `height` of the outer blocks and of the range, with their unit.
fn blocks(line: &Line, flag: Option<Flag>, out: (&str, &str), within: (&str, &str)) -> Markup {
    let (from, to) = (line.low.unwrap_or(0.0), line.high.unwrap_or(100.0));
    let hit = |side: Flag| if flag == Some(side) { "out hit" } else { "out" };
    html! {
        @if line.low.is_some() { rect class=(hit(Flag::Below)) x="0" y=(out.0) width=(percent(from)) height=(out.1) {} }
        @if line.high.is_some() { rect class=(hit(Flag::Above)) x=(percent(to)) y=(out.0) width=(percent(100.0 - to)) height=(out.1) {} }
        rect.in x=(percent(from)) y=(within.0) width=(percent(to - from)) height=(within.1) {}
    }
}

/// The number line of a row; nothing where the source gave no range to draw.
pub fn numline(reading: &Reading) -> Markup {
    let Some(line) = line(reading) else { return html! {} };
    html! {
        div.numline {
            svg width="100%" height="20" aria-hidden="true" {
                (blocks(&line, reading.flag, ("4", "12"), ("0", "20")))
                @if outside(reading.flag) {
                    svg x=(percent(line.mark)) y="10" overflow="visible" { path.mark d="M0-8.5 8.5 0 0 8.5-8.5 0z" {} }
                } @else {
                    circle.mark cx=(percent(line.mark)) cy="10" r="6.5" {}
                }
            }
        }
    }
}

/// The large number line of one result, with its words, and the limit of a goal that was set for it.
pub fn numline_large(reading: &Reading, words: &str, says: &str, goal: Option<&Limit>) -> Markup {
    let Some(line) = line(reading) else { return html! {} };
    let range = reading.range.clone().unwrap_or_default();
    let anchor = |at: f64| {
        if at < 12.0 {
            "start"
        } else if at > 88.0 {
            "end"
        } else {
            "middle"
        }
    };
    // The digits of the limits as the source gave them.
    let given = |limit: f64| {
        let same = |word: &&str| word.parse::<f64>().is_ok_and(|n| n.total_cmp(&limit).is_eq());
        range.words.split(|c: char| c.is_whitespace() || c == '-').find(same).map_or_else(|| limit.to_string(), str::to_owned)
    };
    let ends = [(line.low, range.low.map(given)), (line.high, range.high.map(given))];
    let middle = f64::midpoint(line.low.unwrap_or(0.0), line.high.unwrap_or(100.0));
    let close = ends.iter().filter_map(|(p, _)| *p).collect::<Vec<_>>();
    // Two limits that lie close together are written to their own sides.
    let tight = close.len() == 2 && close[1] - close[0] < 14.0;
    let goal = goal.and_then(|g| Some((line.place(g.number)?, &g.words)));
    html! {
        figure class="numline spaced" {
            svg width="100%" height=(if goal.is_some() { "7.5rem" } else { "6.25rem" }) role="img" aria-label=(says) {
                (blocks(&line, reading.flag, ("2.375rem", "0.75rem"), ("2.125rem", "1.25rem")))
                @if line.low.is_some_and(|l| l > 16.0) {
                    text class=(if reading.flag == Some(Flag::Below) { "out-name hit" } else { "out-name" }) x="0" y="4.625rem" { "Below" }
                }
                @if line.high.is_some_and(|h| h < 84.0) {
                    text class=(if reading.flag == Some(Flag::Above) { "out-name hit" } else { "out-name" }) x="100%" y="4.625rem" text-anchor="end" { "Above" }
                }
                text.in-name x=(percent(middle)) y="4.625rem" text-anchor=(anchor(middle)) { "Its range" }
                @for (n, (place, limit)) in ends.iter().enumerate() {
                    @if let (Some(place), Some(limit)) = (place, limit) {
                        text x=(percent(*place)) y="5.75rem" text-anchor=(match (tight, n) { (true, 0) => "end", (true, _) => "start", _ => anchor(*place) }) { (limit) }
                    }
                }
                @if let Some((at, limit)) = goal {
                    line.goal x1=(percent(at)) x2=(percent(at)) y1="2rem" y2="6.25rem" {}
                    text.goal-name x=(percent(at)) y="7.125rem" text-anchor=(anchor_wide(at)) { "Goal: " (limit) }
                }
                svg x=(percent(line.mark)) overflow="visible" {
                    svg x="-0.625rem" y="1.25rem" width="1.25rem" height="2.25rem" viewBox="-10 0 20 36" { path.mark d="M-9 1H9L2 14v22h-4V14z" {} }
                }
                text.here x=(percent(line.mark)) y="0.9375rem" text-anchor=(anchor_wide(line.mark)) { (words) }
            }
        }
    }
}

/// Where words of some length are held, so that they stay within the picture on a phone too.
fn anchor_wide(at: f64) -> &'static str {
    match at {
        at if at < 25.0 => "start",
        at if at > 75.0 => "end",
        _ => "middle",
    }
}

/// The last few values as a line without axes; it says nothing that the row does not say in words.
pub fn spark(points: &[Point]) -> Markup {
    if points.len() < 2 {
        return html! {};
    }
    let ranges = points.last().and_then(|p| p.range);
    let (low, high) = extent(points.iter().map(|p| p.number));
    let y = |n: f64| 29.0 - (n - low) / (high - low) * 26.0;
    let step = 90.0 / (points.len() - 1) as f64;
    let path: Vec<String> = points.iter().enumerate().map(|(n, p)| format!("{:.0},{:.0}", 3.0 + n as f64 * step, y(p.number))).collect();
    let last = points.last().map_or(0.0, |p| y(p.number));
    let band = ranges.map(|(l, h)| (h.map_or(0.0, |h| y(h).clamp(0.0, 32.0)), l.map_or(32.0, |l| y(l).clamp(0.0, 32.0))));
    html! {
        svg.spark viewBox="0 0 96 32" aria-hidden="true" {
            @if let Some((top, bottom)) = band.filter(|(t, b)| b > t) {
                rect x="0" y=(format!("{top:.0}")) width="96" height=(format!("{:.0}", bottom - top)) {}
            }
            polyline points=(path.join(" ")) {}
            circle cx="93" cy=(format!("{last:.0}")) r="3.5" {}
        }
    }
}

fn extent(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = numbers.fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(n), h.max(n)));
    if high > low { (low, high) } else { (low - 1.0, high + 1.0) }
}

/// More points than this stand so close that they are drawn smaller.
const CROWD: usize = 40;

const TOP: f64 = 40.0;
const BOTTOM: f64 = 198.0;

/// A test over time. Each point is a link to where `leads` says, by its record's number. Labs with different ranges: each point has its
/// own range as a bracket; one range for all: a band.
pub fn trend(series: &Series, name: &str, id: &str, goal: Option<&Limit>, leads: &dyn Fn(i64) -> String) -> Markup {
    let points = &series.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return html! {} };
    let shared = series.shared_range();
    let (low, high) = extent(points.iter().map(|p| p.number));
    let reach = high - low;
    // Limits are drawn as far as they lie near the values.
    let near = |n: &f64| *n >= low - reach * 1.5 && *n <= high + reach * 1.5;
    let limits = points.iter().filter_map(|p| p.range).flat_map(|(l, h)| [l, h]).flatten().filter(near);
    let goal = goal.filter(|g| near(&g.number));
    let (low, high) = extent(points.iter().map(|p| p.number).chain(limits).chain(goal.map(|g| g.number)));
    let ticks = ticks(low, high);
    let (low, high) = (low.min(*ticks.first().unwrap_or(&low)), high.max(*ticks.last().unwrap_or(&high)));
    let y = |n: f64| BOTTOM - (n - low) / (high - low) * (BOTTOM - TOP);
    let (start, end) = (first.date.start, last.date.start.max(first.date.start + 1));
    let x = |at: i64| 9.0 + (at - start) as f64 / (end - start) as f64 * 86.0;
    let place = |p: &Point| if points.len() == 1 { 50.0 } else { x(p.date.start) };
    let years = years(first, last);
    let dense = points.len() > CROWD;
    let said = format!(
        "{} of {name}{}, {} to {}: from {} to {}.{}",
        if points.len() == 1 { "One value".to_owned() } else { format!("{} values", points.len()) },
        if series.unit.is_empty() { String::new() } else { format!(" in {}", series.unit) },
        first.date.day_words(),
        last.date.day_words(),
        first.words,
        last.words,
        if series.moved { " Values in other units were moved by a power of ten, exactly." } else { "" },
    );
    html! {
        figure.trend {
            svg width="100%" height="252" role="group" aria-labelledby=(id) {
                @for tick in &ticks { line.grid x1="0" x2="100%" y1=(px(y(*tick))) y2=(px(y(*tick))) {} }
                @if let Some((low_limit, high_limit)) = shared {
                    (band(low_limit.map(y), high_limit.map(y)))
                }
                @if let Some(goal) = goal { line.goal x1="0" x2="100%" y1=(px(y(goal.number))) y2=(px(y(goal.number))) {} }
                @for tick in &ticks { text x="0" y=(px(y(*tick) - 5.0)) { (tick_words(*tick)) } }
                @for (year, at) in &years {
                    line.grid x1=(percent(x(*at))) x2=(percent(x(*at))) y1="214" y2="222" {}
                    text x=(percent(x(*at) + 0.6)) y="236" { (year) }
                }
                @if years.is_empty() {
                    text x=(percent(place(first))) y="236" text-anchor=(if points.len() == 1 { "middle" } else { "start" }) { (first.date.day_words()) }
                    @if points.len() > 1 && end - start > 86_400 { text x=(percent(place(last))) y="236" text-anchor="end" { (last.date.day_words()) } }
                }
                @if shared.is_none() { @for p in points { (bracket(p, place(p), &y, dense)) } }
                @for pair in points.windows(2) {
                    line.path x1=(percent(place(&pair[0]))) y1=(px(y(pair[0].number))) x2=(percent(place(&pair[1]))) y2=(px(y(pair[1].number))) {}
                }
                @for p in points { (dot(p, place(p), y(p.number), dense, &leads(p.rid))) }
                // Over the points, so that it can be read among many of them.
                @if let Some(goal) = goal { (goal_name(goal, y(goal.number), shared.and_then(|(_, high)| high).map(y))) }
                text.last x=(percent(place(last))) y=(px(y(last.number) - 14.0)) text-anchor="middle" { (last_words(last)) }
            }
            figcaption id=(id) { (said) }
        }
    }
}

/// The digits of a value as its source gave them, as long as they find room beside the line.
fn last_words(point: &Point) -> String {
    let given = point.words.split(' ').next().unwrap_or("");
    if given.chars().count() <= 8 && given.parse::<f64>().is_ok() { given.to_owned() } else { format!("{:.1}", point.number) }
}

fn px(n: f64) -> String {
    format!("{n:.0}")
}

/// The range that all values share, as far as it lies in the picture.
fn band(low: Option<f64>, high: Option<f64>) -> Markup {
    let (ceiling, floor) = (TOP - 20.0, BOTTOM + 10.0);
    let (top, bottom) = (high.unwrap_or(ceiling).clamp(ceiling, floor), low.unwrap_or(floor).clamp(ceiling, floor));
    if bottom - top < 1.0 {
        return html! {};
    }
    let inside = |edge: Option<f64>| edge.filter(|e| *e > ceiling && *e < floor);
    html! {
        rect.range x="0" width="100%" y=(px(top)) height=(px(bottom - top)) {}
        @for edge in [inside(low), inside(high)].into_iter().flatten() { line.range-edge x1="0" x2="100%" y1=(px(edge)) y2=(px(edge)) {} }
        text.range-name x="99%" y=(px((top + 16.0).min(floor))) text-anchor="end" { "Its range" }
    }
}

/// What is aimed at, below its dashed line, or above it where the name of the range stands there.
fn goal_name(goal: &Limit, at: f64, range_top: Option<f64>) -> Markup {
    let crowded = range_top.is_some_and(|top| (at - 4.0..at + 32.0).contains(&(top + 16.0)));
    html! {
        text.goal-name x="99%" y=(px(if crowded { at - 6.0 } else { at + 17.0 })) text-anchor="end" { "Goal: " (goal.words) }
    }
}

/// A point's own range as a bracket: limits as short lines, joined where both are given.
fn bracket(p: &Point, x: f64, y: &impl Fn(f64) -> f64, dense: bool) -> Markup {
    let (left, right) = if dense { ("-3", "3") } else { ("-7", "7") };
    let Some((low, high)) = p.range else { return html! {} };
    let seen = |limit: Option<f64>| limit.map(y).filter(|at| (TOP - 25.0..=BOTTOM + 15.0).contains(at));
    let (low, high) = (seen(low), seen(high));
    html! {
        svg x=(percent(x)) overflow="visible" {
            @for at in [low, high].into_iter().flatten() { line.range-edge x1=(left) x2=(right) y1=(px(at)) y2=(px(at)) {} }
            // In a crowd the joints of the brackets would hide the line.
            @if let (Some(low), Some(high), false) = (low, high, dense) { line.range-edge x1="0" x2="0" y1=(px(high)) y2=(px(low)) {} }
        }
    }
}

fn dot(p: &Point, x: f64, y: f64, dense: bool, href: &str) -> Markup {
    let (radius, diamond) = if dense { ("3.5", "M0-5 5 0 0 5-5 0z") } else { ("6", "M0-7.5 7.5 0 0 7.5-7.5 0z") };
    let off = outside(p.flag);
    let state = match p.flag {
        Some(Flag::Above) => ", above its range",
        Some(Flag::Below) => ", below its range",
        Some(Flag::Outside) => ", outside its range",
        Some(Flag::InRange) => ", in range",
        None => "",
    };
    let anchor = if x < 30.0 {
        "start"
    } else if x > 70.0 {
        "end"
    } else {
        "middle"
    };
    html! {
        a href=(href) aria-label=(format!("{}: {}{state}", p.date.day_words(), p.words)) {
            svg x=(percent(x)) y=(px(y)) overflow="visible" {
                circle.hit r="13" {}
                @if off { path class="dot off" d=(diamond) {} } @else { circle.dot r=(radius) {} }
                g.tip { text x="0" y="-26" text-anchor=(anchor) { (p.date.day_words()) ": " (p.words) } }
            }
        }
    }
}

/// Three to six round numbers across a stretch.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 4.0;
    if !rough.is_finite() || rough <= 0.0 {
        return vec![low];
    }
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * size).find(|s| *s >= rough).unwrap_or(rough);
    let first = (low / step).floor() as i64;
    (first..first + 12).map(|n| n as f64 * step).take_while(|n| *n < high + step * 0.999).collect()
}

fn tick_words(n: f64) -> String {
    let text = format!("{n:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".into() } else { text.to_owned() }
}

/// The beginnings of years within the picture, at most nine of them.
fn years(first: &Point, last: &Point) -> Vec<(String, i64)> {
    let (from, to) = (first.date.parts().0, last.date.parts().0);
    let step = (i32::from(to) - i32::from(from)) / 8 + 1;
    (from + 1..=to)
        .step_by(usize::try_from(step).unwrap_or(1))
        .filter_map(|year| Some((year.to_string(), PartialDate::parse(&format!("{year:04}"))?.start)))
        .filter(|(_, at)| *at >= first.date.start && *at <= last.date.start)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Range;

    fn read(number: f64, low: Option<f64>, high: Option<f64>, flag: Option<Flag>) -> Reading {
        Reading { number: Some(number), range: Some(Range { low, high, words: String::new() }), flag, ..Reading::default() }
    }

    #[test]
    fn no_range_no_line() {
        assert!(line(&Reading { number: Some(5.0), ..Reading::default() }).is_none());
        assert!(line(&read(5.0, None, None, None)).is_none());
        assert!(line(&read(f64::NAN, Some(1.0), Some(2.0), None)).is_none());
        assert!(line(&read(1.0, Some(2.0), Some(2.0), None)).is_none());
    }

    #[test]
    fn the_mark_lies_on_the_side_of_its_value() {
        for (n, low, high) in [(7.4, Some(4.0), Some(5.6)), (9000.0, Some(4.0), Some(5.6)), (42.0, None, Some(30.0))] {
            let l = line(&read(n, low, high, Some(Flag::Above))).expect("a line");
            assert!(l.mark > l.high.expect("a limit") && l.mark <= 98.0, "{l:?}");
        }
        for (n, low, high) in [(52.0, Some(60.0), None), (0.1, Some(4.0), Some(5.6)), (-9.0, Some(-2.0), Some(2.0))] {
            let l = line(&read(n, low, high, Some(Flag::Below))).expect("a line");
            assert!(l.mark < l.low.expect("a limit") && l.mark >= 2.0, "{l:?}");
        }
    }

    #[test]
    fn colour_goes_only_where_the_value_lies() {
        let drawn = numline(&read(7.4, Some(4.0), Some(5.6), Some(Flag::Above))).into_string();
        assert_eq!(drawn.matches("out hit").count(), 1);
        assert!(drawn.contains("<path class=\"mark\""));
        let within = numline(&read(5.0, Some(4.0), Some(5.6), Some(Flag::InRange))).into_string();
        assert!(!within.contains("hit") && within.contains("<circle class=\"mark\""));
    }

    #[test]
    fn round_ticks() {
        assert_eq!(ticks(6.9, 7.9).iter().map(|t| tick_words(*t)).collect::<Vec<_>>(), ["6.5", "7", "7.5", "8"]);
        assert_eq!(ticks(40.0, 400.0), [0.0, 100.0, 200.0, 300.0, 400.0]);
        assert_eq!(tick_words(0.0), "0");
    }
}
