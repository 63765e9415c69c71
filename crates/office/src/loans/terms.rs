//! Who approves a loan and for how long it may last, by level (clauses 3.1.3.2 – 3.1.3.4).

use jingui_regulation::{Level, Param, Role};

use crate::refusal::Refusal;
use crate::work::Rules;

/// The terms of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The clause that sets them.
    pub clause: &'static str,
    /// Who approves.
    pub approver: Role,
    /// Longest loan in working days, application, approval and renewals together.
    pub days: u16,
}

/// Who approves loans of a level; for the application of such a one, and where nobody else is, the office head.
pub const fn approver(level: Level) -> Role {
    match level {
        Level::TopSecret | Level::Secret => Role::OfficeHead,
        Level::Confidential | Level::Internal => Role::DepartmentHead,
    }
}

/// The terms for a level under the rules in force.
pub fn terms(level: Level, rules: &Rules) -> Terms {
    let (clause, days) = match level {
        Level::TopSecret => ("3.1.3.2", Param::LoanApprovalTopSecret),
        Level::Secret => ("3.1.3.3", Param::LoanDaysSecret),
        Level::Confidential => ("3.1.3.4", Param::LoanDaysConfidential),
        Level::Internal => ("3.1.3.1", Param::LoanDaysInternal),
    };
    Terms { clause, approver: approver(level), days: rules.count(days) }
}

/// Refuses a loan of no days, or of more than the level allows.
pub fn within(days: u16, level: Level, rules: &Rules) -> Result<(), Refusal> {
    let terms = terms(level, rules);
    if days == 0 {
        return Err(Refusal::field("days", "field.at_least_one").fact("found", days));
    }
    if days > terms.days {
        return Err(Refusal::new("loan.too_long", &[terms.clause])
            .fact("asked", days)
            .fact("limit", terms.days)
            .fact("level", level.number())
            .cured_by(Role::Staff));
    }
    Ok(())
}
