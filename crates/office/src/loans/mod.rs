//! Loans: application, approval by level, hand-over, renewal, reminders, return, loss; and reading on site.
//!
//! Owns clauses 3.1.3.x. One approver and one limit by level, in [`terms`]; one file per verb group. Must never
//! move a copy except through its custody's transitions.

pub mod apply;
pub mod approve;
pub mod clockwork;
pub mod hand_over;
pub mod loan;
pub mod reading;
pub mod renew;
pub mod take_back;
pub mod terms;
pub mod views;

pub use loan::{Approval, Loan, LoanState, Mode};
pub use reading::ReadingSession;

use jingui_store::Id;

use crate::action::Stop;
use crate::work::Work;

/// A hand-over to the borrower didn't come about: the loan is approved as before.
pub fn hand_over_recalled(work: &mut Work<'_, '_>, loan: &Id) -> Result<(), Stop> {
    let loan = work.need::<Loan>(loan)?.record.hand_over_recalled()?;
    work.put(&loan)?;
    Ok(())
}

/// A return didn't come about: the copy is still out with the borrower.
pub fn return_recalled(work: &mut Work<'_, '_>, loan: &Id) -> Result<(), Stop> {
    let loan = work.need::<Loan>(loan)?.record.return_recalled()?;
    work.put(&loan)?;
    Ok(())
}
