//! What a reader may do on an item's record: which buttons are offered, and why one of them can't be pressed.
//!
//! Decides nothing: the policies are asked with the facts as they stand, and states are compared by name. The
//! pipeline asks again when the action comes.

use jingui_access::{Asker, Thing};
use jingui_store::{Id, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Copy, Custody, Item, Purpose, views};
use crate::loans::{Loan, LoanState, loan::Mode};
use crate::perform::Office;

/// An action on a record of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Allowed {
    /// Kind of the record: `item`, `copy` or `loan`.
    pub kind: &'static str,
    /// Its id.
    pub id: Id,
    /// The action.
    pub action: &'static str,
    /// Whether it may be done now.
    pub allowed: bool,
    /// Why not: the code of the refusal that it would meet.
    pub code: Option<&'static str>,
    /// Clauses that forbid it.
    pub clauses: Vec<String>,
}

struct Offer<'a> {
    office: &'a Office,
    asker: &'a Asker,
    all: Vec<Allowed>,
}

impl Offer<'_> {
    /// Offers an action that fits the state; one that a rule forbids is shown with the rule.
    fn offer(&mut self, kind: &'static str, id: &Id, action: &'static str, thing: &Thing) {
        let decision = self.office.decide(self.asker, action, thing);
        // What isn't entrusted to the asker isn't offered either.
        if decision.by_default {
            return;
        }
        let own = !decision.allowed && decision.clauses.iter().any(|clause| clause == "3.1.3.4");
        self.all.push(Allowed {
            kind,
            id: id.clone(),
            action,
            allowed: decision.allowed,
            code: match (decision.allowed, own) {
                (true, _) => None,
                (false, true) => Some("own_application"),
                (false, false) => Some("not_entitled"),
            },
            clauses: if decision.allowed { Vec::new() } else { decision.clauses },
        });
    }
}

/// What may be done on the item, its copies and those of its loans that the reader sees; nothing when the reader may
/// not know of the item.
pub fn allowed(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    item: &Id,
) -> Result<Option<Vec<Allowed>>, StoreError> {
    let Some(detail) = views::detail(conn, asker, &office.rules(), item)? else { return Ok(None) };
    let known: Item = serde_json::from_str(detail.item.get())?;
    let copies: Vec<Copy> = detail
        .copies
        .iter()
        .map(|shown| serde_json::from_str(shown.record.get()))
        .collect::<Result<_, _>>()?;
    let loans: Vec<Loan> = detail
        .loans
        .iter()
        .map(|shown| serde_json::from_str(shown.record.get()))
        .collect::<Result<_, _>>()?;
    let mut offer = Offer { office, asker, all: Vec::new() };
    let thing = known.thing();
    if known.void.is_none() {
        for action in [
            "loan.apply",
            "item.revise",
            "item.rescope",
            "item.add_copies",
            "item.mark",
            "item.strike",
            "file.begin",
        ] {
            offer.offer("item", item, action, &thing);
        }
    }
    for copy in &copies {
        of_copy(&mut offer, copy, &thing);
    }
    for loan in &loans {
        of_loan(&mut offer, loan, &copies, &thing);
    }
    Ok(Some(offer.all))
}

fn of_copy(offer: &mut Offer<'_>, copy: &Copy, item: &Thing) {
    let mut thing = Thing { holder: copy.custody.holder().to_string(), ..item.clone() };
    let actions: &[&'static str] = match &copy.custody {
        Custody::Desk { .. } | Custody::Kept { .. } => &["copy.place", "copy.report_lost"],
        Custody::Offered { to, purpose, .. } => {
            thing.receiver = to.to_string();
            match purpose {
                Purpose::Place { .. } => &["copy.accept", "copy.recall"],
                Purpose::Loan { .. } | Purpose::Return { .. } => &["copy.recall"],
            }
        }
        Custody::Lent { .. } => &["copy.report_lost"],
        Custody::Missing { .. } => &["copy.found"],
        Custody::Reading { .. } | Custody::Void { .. } => &[],
    };
    for action in actions {
        offer.offer("copy", &copy.id, action, &thing);
    }
}

fn of_loan(offer: &mut Offer<'_>, loan: &Loan, copies: &[Copy], item: &Thing) {
    let mut thing = Thing {
        owner: loan.applicant.to_string(),
        department: loan.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..item.clone()
    };
    let asker = &offer.asker.id;
    let actions: &[&'static str] = match &loan.state {
        LoanState::Applied => &["loan.approve", "loan.reject", "loan.withdraw"],
        LoanState::Approved { .. } => {
            // Any resting copy that the asker holds can be handed out.
            let own = copies
                .iter()
                .any(|copy| copy.custody.is_resting() && copy.custody.holder().as_str() == asker);
            if own {
                thing.holder.clone_from(asker);
            }
            match loan.mode {
                Mode::TakeOut => &["loan.hand_over", "loan.withdraw"],
                Mode::OnSite => &["reading.open", "loan.withdraw"],
            }
        }
        LoanState::HandingOver { .. } => &["loan.acknowledge"],
        LoanState::Out { out, .. } if out.renewal.is_some() => {
            &["loan.bring_back", "loan.approve_renewal", "loan.reject_renewal"]
        }
        LoanState::Out { .. } => &["loan.bring_back", "loan.renew"],
        LoanState::Returning { out, .. } => {
            let offered = copies.iter().find(|copy| copy.id == out.copy).map(|copy| &copy.custody);
            if let Some(Custody::Offered { to, .. }) = offered {
                thing.receiver = to.to_string();
            }
            &["loan.take_back"]
        }
        _ => &[],
    };
    for action in actions {
        offer.offer("loan", &loan.id, action, &thing);
    }
}
