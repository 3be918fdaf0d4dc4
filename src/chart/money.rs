//! Bills and plan statements: amounts with the digits that the source gave; sums only where the source gave them.

use crate::record::{array, at, codes, concept_text, string, text_at};
use serde_json::Value;

/// An amount in words: "$28.56", "28.56 CAD"; digits as given (FHIR R4 Money).
pub fn words(money: &Value) -> Option<String> {
    let value = money.get("value").and_then(string)?;
    let value = if value.starts_with('-') { value.replacen('-', "−", 1) } else { value };
    Some(match text_at(money, "currency").or_else(|| text_at(money, "code")).as_deref() {
        Some("USD") | Some("urn:iso:std:iso:4217|USD") => match value.strip_prefix('−') {
            Some(positive) => format!("−${positive}"),
            None => format!("${value}"),
        },
        Some(currency) => format!("{value} {currency}"),
        None => value,
    })
}

/// The columns of a statement, in the order of the page.
pub const COLUMNS: [&str; 5] = ["Charged", "Plan allows", "Plan paid", "Discount", "You owe"];

/// One service of a claim or statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BillLine {
    /// What was done.
    pub service: String,
    /// When, as given.
    pub date: Option<String>,
    /// Amounts in the order of [`COLUMNS`].
    pub amounts: [Option<String>; 5],
    /// Every other decision: (words, amount or reason).
    pub others: Vec<(String, String)>,
}

/// The lines of a Claim, ClaimResponse, ExplanationOfBenefit or Invoice.
pub fn lines(resource: &Value) -> Vec<BillLine> {
    let mut out: Vec<BillLine> = array(resource, "item").iter().chain(array(resource, "addItem")).map(line).collect();
    out.extend(array(resource, "lineItem").iter().map(line));
    out
}

fn line(item: &Value) -> BillLine {
    let service =
        ["productOrService", "revenue", "chargeItemCodeableConcept", "category"].iter().find_map(|k| item.get(k).and_then(concept_text));
    let sequence = item.get("sequence").and_then(string).or_else(|| item.get("itemSequence").and_then(string));
    let mut out = BillLine {
        service: service.unwrap_or_else(|| format!("Line {}", sequence.unwrap_or_default()).trim().to_owned()),
        date: text_at(item, "servicedDate").or_else(|| text_at(item, "servicedPeriod.start")),
        ..BillLine::default()
    };
    out.amounts[0] = item.get("net").and_then(words);
    amounts(item, &mut out.amounts, &mut out.others);
    out
}

/// Reads adjudications (or totals) into the columns; the first of each kind counts, the others are listed.
fn amounts(holder: &Value, columns: &mut [Option<String>; 5], others: &mut Vec<(String, String)>) {
    for entry in array(holder, "adjudication").iter().chain(array(holder, "priceComponent")) {
        let Some(category) = entry.get("category").or_else(|| entry.get("code")) else { continue };
        let said = entry.get("amount").and_then(words).or_else(|| entry.get("value").and_then(string));
        let reason = entry.get("reason").and_then(concept_text).map(plain);
        match (column(category), &said) {
            (Some(n), Some(amount)) if columns[n].is_none() || n == 0 => columns[n] = Some(amount.clone()),
            _ => {
                let label = concept_text(category).map_or_else(|| "Decision".into(), plain);
                let text = [said, reason].into_iter().flatten().collect::<Vec<_>>().join(", ");
                if !text.is_empty() {
                    others.push((label, text));
                }
            }
        }
    }
}

/// FHIR R4 adjudication codes, CARIN Blue Button and CMS Blue Button 2.0 variables.
/// Codes of CARIN's adjudication discriminators and payer networks that come without a display.
fn plain(words: String) -> String {
    match words.as_str() {
        "benefitpaymentstatus" => "Network".into(),
        "innetwork" => "in the plan’s network".into(),
        "outofnetwork" => "outside the plan’s network".into(),
        "allowedunits" => "Units allowed".into(),
        "denialreason" => "Why it was denied".into(),
        _ => words,
    }
}

fn column(category: &Value) -> Option<usize> {
    codes(category).iter().find_map(|(_, code, _)| {
        let last = code.rsplit('/').next().unwrap_or(code);
        Some(match last {
            "submitted" | "billed" | "line_sbmtd_chrg_amt" | "rev_cntr_tot_chrg_amt" => 0,
            "eligible" | "allowed" | "line_alowd_chrg_amt" => 1,
            "benefit" | "paidtoprovider" | "paidtopatient" | "paid" | "line_nch_pmt_amt" | "rev_cntr_pmt_amt_amt" => 2,
            "discount" | "noncovered-discount" => 3,
            "memberliability" | "patientpay" | "paidbypatient" | "ptnt_pay_amt" | "rev_cntr_ptnt_rspnsblty_pmt" => 4,
            _ => return None,
        })
    })
}

/// The totals that the source itself gives, in the order of [`COLUMNS`], and all others by their words.
pub fn totals(resource: &Value) -> ([Option<String>; 5], Vec<(String, String)>) {
    let (mut columns, mut others) = ([const { None }; 5], Vec::new());
    match resource.get("total") {
        Some(Value::Object(_)) => columns[0] = at(resource, "total").and_then(words),
        Some(Value::Array(totals)) => {
            for total in totals {
                let Some(amount) = total.get("amount").and_then(words) else { continue };
                match total.get("category").and_then(column) {
                    Some(n) if columns[n].is_none() => columns[n] = Some(amount),
                    _ => others.push((total.get("category").and_then(concept_text).unwrap_or_else(|| "Total".into()), amount)),
                }
            }
        }
        _ => {}
    }
    for (key, label) in [("totalNet", "Total before tax"), ("totalGross", "Total with tax")] {
        others.extend(resource.get(key).and_then(words).map(|w| (label.to_owned(), w)));
    }
    if let Some(paid) = at(resource, "payment.amount").and_then(words) {
        others.push(("Payment".into(), paid));
    }
    (columns, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn digits_as_given() {
        let given: Value = serde_json::from_str(r#"{"value": 28.50, "currency": "USD"}"#).expect("JSON");
        assert_eq!(words(&given).as_deref(), Some("$28.50"));
        assert_eq!(words(&json!({"value": -3, "currency": "USD"})).as_deref(), Some("−$3"));
        assert_eq!(words(&json!({"value": 12, "currency": "CAD"})).as_deref(), Some("12 CAD"));
        assert_eq!(words(&json!({"currency": "USD"})), None);
    }

    #[test]
    fn a_statement_line_by_line() {
        let money = |v: f64| json!({"value": v, "currency": "USD"});
        let decided = |code: &str, v: f64| json!({"category": {"coding": [{"code": code}]}, "amount": money(v)});
        let eob = json!({"resourceType": "ExplanationOfBenefit",
            "item": [{"sequence": 1, "productOrService": {"text": "Office visit"}, "net": money(285.0), "adjudication": [
                decided("eligible", 142.8), decided("benefit", 114.24), decided("memberliability", 28.56), decided("copay", 10.0)]}],
            "total": [decided("submitted", 285.0), decided("benefit", 114.24)]});
        let line = &lines(&eob)[0];
        let text = |n: usize| line.amounts[n].as_deref();
        assert_eq!((text(0), text(1), text(2), text(3), text(4)), (Some("$285.0"), Some("$142.8"), Some("$114.24"), None, Some("$28.56")));
        assert_eq!(line.others, [("copay".to_owned(), "$10.0".to_owned())]);
        let (columns, others) = totals(&eob);
        assert_eq!(columns[2].as_deref(), Some("$114.24"));
        assert!(others.is_empty());
    }
}
