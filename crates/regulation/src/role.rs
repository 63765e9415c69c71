//! Roles of the regulation and classes of persons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a person is in the regulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 党办负责人.
    OfficeHead,
    /// 部门负责人.
    DepartmentHead,
    /// 机要员.
    Registrar,
    /// 绝密专管员.
    Custodian,
    /// 保密工作领导小组成员.
    LeadingGroup,
    /// 工作人员.
    Staff,
    /// 系统管理员.
    SystemAdministrator,
    /// 安全保密管理员.
    SecurityAdministrator,
    /// 安全审计员.
    SecurityAuditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 9] = [
        Self::OfficeHead,
        Self::DepartmentHead,
        Self::Registrar,
        Self::Custodian,
        Self::LeadingGroup,
        Self::Staff,
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::SecurityAuditor,
    ];

    /// Name in policies and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OfficeHead => "office_head",
            Self::DepartmentHead => "department_head",
            Self::Registrar => "registrar",
            Self::Custodian => "custodian",
            Self::LeadingGroup => "leading_group",
            Self::Staff => "staff",
            Self::SystemAdministrator => "system_administrator",
            Self::SecurityAdministrator => "security_administrator",
            Self::SecurityAuditor => "security_auditor",
        }
    }

    /// Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::OfficeHead => "党办负责人",
            Self::DepartmentHead => "部门负责人",
            Self::Registrar => "机要员",
            Self::Custodian => "绝密专管员",
            Self::LeadingGroup => "保密工作领导小组成员",
            Self::Staff => "工作人员",
            Self::SystemAdministrator => "系统管理员",
            Self::SecurityAdministrator => "安全保密管理员",
            Self::SecurityAuditor => "安全审计员",
        }
    }

    /// English name.
    pub const fn en(self) -> &'static str {
        match self {
            Self::OfficeHead => "office head",
            Self::DepartmentHead => "department head",
            Self::Registrar => "registrar",
            Self::Custodian => "custodian",
            Self::LeadingGroup => "leading group member",
            Self::Staff => "staff",
            Self::SystemAdministrator => "system administrator",
            Self::SecurityAdministrator => "security administrator",
            Self::SecurityAuditor => "security auditor",
        }
    }

    /// Whether it is one of the three administrators (三员).
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdministrator | Self::SecurityAdministrator | Self::SecurityAuditor)
    }

    /// Whether one person may hold these together: an administrator's role stands alone.
    pub fn compatible(roles: &[Self]) -> bool {
        let mut others = roles.to_vec();
        others.sort_unstable();
        others.dedup();
        others.len() <= 1 || !others.iter().any(|role| role.is_administrator())
    }
}

/// Class of a person who handles secrets (clause 3.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonClass {
    /// 核心.
    Core,
    /// 重要.
    Important,
    /// 一般.
    General,
}

impl PersonClass {
    /// All classes, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Core, Self::Important, Self::General];

    /// Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Core => "核心涉密人员",
            Self::Important => "重要涉密人员",
            Self::General => "一般涉密人员",
        }
    }

    /// English name.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Important => "important",
            Self::General => "general",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_name() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }

    #[test]
    fn the_three_administrators_exclude_each_other_and_every_business_role() {
        let administrators = [Role::SystemAdministrator, Role::SecurityAdministrator, Role::SecurityAuditor];
        for one in Role::ALL {
            assert!(Role::compatible(&[one]) && Role::compatible(&[one, one]));
            for other in Role::ALL.into_iter().filter(|other| *other != one) {
                let apart = administrators.contains(&one) || administrators.contains(&other);
                assert_eq!(Role::compatible(&[one, other]), !apart, "{one:?} and {other:?}");
                assert_eq!(Role::compatible(&[Role::Staff, one, other]), !apart);
            }
        }
        assert!(Role::compatible(&[]));
    }
}
