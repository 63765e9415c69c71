//! The facts a policy may see.

use jingui_regulation::Role;

/// The token of a scope that holds everybody in the office.
pub const EVERYONE: &str = "*";

/// The token by which a scope names a person.
pub fn person_token(id: &str) -> String {
    format!("p:{id}")
}

/// The token by which a scope names a department.
pub fn department_token(id: &str) -> String {
    format!("d:{id}")
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Person id, or `clock` / `founder`.
    pub id: String,
    /// Roles held.
    pub roles: Vec<Role>,
    /// The mechanism's name for the clock and the founder, who hold no role; else nothing.
    pub mechanism: Option<&'static str>,
    /// Highest level the person may know: 0 to 4.
    pub clearance: u8,
    /// Whether a valid commitment is signed (clause 3.5.1).
    pub committed: bool,
    /// Whether the background review is valid today (clause 3.5.3).
    pub reviewed: bool,
    /// Department id, empty when none.
    pub department: String,
}

impl Asker {
    /// The tokens by which a need-to-know scope may name this person.
    pub fn tokens(&self) -> Vec<String> {
        let mut tokens = vec![EVERYONE.to_owned(), person_token(&self.id)];
        if !self.department.is_empty() {
            tokens.push(department_token(&self.department));
        }
        tokens
    }

    /// Whether the person holds the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// What an action is about, as far as a policy needs to know. Empty text means: there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thing {
    /// Level of the item concerned; 0 when it concerns none.
    pub level: u8,
    /// Tokens of the need-to-know scope.
    pub scope: Vec<String>,
    /// Person whose application or account this is.
    pub owner: String,
    /// Department the application came from.
    pub department: String,
    /// Who holds the copy concerned.
    pub holder: String,
    /// To whom the copy is being handed.
    pub receiver: String,
}
