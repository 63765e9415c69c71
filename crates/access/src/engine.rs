//! The policies compiled, and the decision.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};

use jingui_regulation::Role;

use crate::facts::{Asker, Thing};

/// What the policies say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Allowed or not.
    pub allowed: bool,
    /// Clauses of the policies that decided; for a default deny the clause of named responsibility.
    pub clauses: Vec<String>,
    /// Whether no policy spoke at all.
    pub by_default: bool,
}

/// A policy text that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}; allowed: {allowed}")]
pub struct PolicyProblem {
    /// File of the rule pack.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What is allowed there.
    pub allowed: String,
}

/// The compiled policies.
pub struct Engine {
    authorizer: Authorizer,
    clauses: HashMap<PolicyId, String>,
    actions: HashMap<String, Verb>,
    person: EntityTypeName,
    thing: EntityUid,
    empty: Entities,
}

/// An action as the policies name it, with those policies that can speak of it: the others needn't be asked each time.
struct Verb {
    uid: EntityUid,
    policies: PolicySet,
}

/// The clause of a default deny: nobody acts on what isn't entrusted to a named person.
const DEFAULT_CLAUSE: &str = "1.3.3";

impl Engine {
    /// Compiles the policy files (name, text) for these actions. Every problem of every file is reported.
    pub fn compile<'a>(
        files: &[(String, String)],
        actions: impl IntoIterator<Item = &'a str>,
        is_clause: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<PolicyProblem>> {
        let names: Vec<&str> = actions.into_iter().collect();
        let schema = schema(&names);
        let mut problems = Vec::new();
        let mut policies = PolicySet::new();
        let mut clauses = HashMap::new();
        let mut places = BTreeMap::new();
        let (schema, _) = Schema::from_cedarschema_str(&schema)
            .map_err(|error| vec![problem("schema", 0, error.to_string(), "a schema that parses")])?;
        for (file, text) in files {
            let parsed = match PolicySet::from_str(text) {
                Ok(parsed) => parsed,
                Err(errors) => {
                    for error in errors.iter() {
                        let line = offset(error).map_or(1, |at| line_of(text, at));
                        problems.push(problem(file, line, error.to_string(), "a Cedar policy"));
                    }
                    continue;
                }
            };
            let lines = policy_lines(text);
            for policy in parsed.policies() {
                let number =
                    policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(0);
                let line = lines.get(number).copied().unwrap_or(1);
                let id = PolicyId::new(format!("{file}#{number}"));
                match policy.annotation("clause") {
                    Some(clause) if is_clause(clause) => {
                        clauses.insert(id.clone(), clause.to_owned());
                    }
                    Some(clause) => problems.push(problem(
                        file,
                        line,
                        format!("clause {clause} doesn't exist"),
                        "an id of clauses.toml",
                    )),
                    None => problems.push(problem(
                        file,
                        line,
                        "a policy without @clause".into(),
                        "@clause(\"…\") before each policy",
                    )),
                }
                places.insert(id.clone(), (file.clone(), line));
                if let Err(error) = policies.add(policy.new_id(id)) {
                    problems.push(problem(file, line, error.to_string(), "policies with ids of their own"));
                }
            }
        }
        let checked = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        for error in checked.validation_errors() {
            let (file, line) = places.get(error.policy_id()).cloned().unwrap_or_default();
            problems.push(problem(&file, line, error.to_string(), "actions and attributes of the schema"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let fixed = |text: &str| {
            EntityTypeName::from_str(text)
                .map_err(|error| vec![problem("schema", 0, error.to_string(), "a type name")])
        };
        let action_type = fixed("Action")?;
        let mut actions = HashMap::new();
        for name in names {
            let uid = EntityUid::from_type_name_and_id(action_type.clone(), EntityId::new(name));
            let policies = PolicySet::from_policies(
                policies.policies().filter(|policy| speaks_of(&policy.action_constraint(), &uid)).cloned(),
            )
            .map_err(|error| {
                vec![problem("policies", 0, error.to_string(), "policies with ids of their own")]
            })?;
            actions.insert(name.to_owned(), Verb { uid, policies });
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            clauses,
            actions,
            person: fixed("Person")?,
            thing: EntityUid::from_type_name_and_id(fixed("Thing")?, EntityId::new("it")),
            empty: Entities::empty(),
        })
    }

    /// May this asker do this action to this thing? Anything that can't be evaluated is a no.
    pub fn decide(&self, asker: &Asker, action: &str, thing: &Thing) -> Decision {
        self.ask(asker, action, thing).unwrap_or_else(|| Decision {
            allowed: false,
            clauses: vec![DEFAULT_CLAUSE.to_owned()],
            by_default: true,
        })
    }

    /// The roles whose holder could do this to this thing, and the clauses that say so; for telling somebody else whom
    /// to ask. Those whom it falls to by name, as owner or holder, aren't found.
    pub fn entrusted(&self, action: &str, thing: &Thing) -> (Vec<Role>, Vec<String>) {
        let mut roles = Vec::new();
        let mut clauses = Vec::new();
        for role in Role::ALL {
            let somebody = Asker {
                id: "somebody".to_owned(),
                roles: vec![role],
                mechanism: None,
                clearance: 4,
                committed: true,
                reviewed: true,
                department: thing.department.clone(),
            };
            let decision = self.decide(&somebody, action, thing);
            if decision.allowed {
                roles.push(role);
                clauses.extend(decision.clauses);
            }
        }
        clauses.sort_unstable();
        clauses.dedup();
        (roles, clauses)
    }

    fn ask(&self, asker: &Asker, action: &str, thing: &Thing) -> Option<Decision> {
        let Verb { uid: action, policies } = self.actions.get(action)?;
        let principal = EntityUid::from_type_name_and_id(self.person.clone(), EntityId::new(&asker.id));
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let texts = |values: Vec<String>| {
            RestrictedExpression::new_set(values.into_iter().map(RestrictedExpression::new_string))
        };
        let mut roles: Vec<String> = asker.roles.iter().map(|role| role.name().to_owned()).collect();
        roles.extend(asker.mechanism.map(str::to_owned));
        let person = Entity::new(
            principal.clone(),
            HashMap::from([
                ("id".to_owned(), text(&asker.id)),
                ("roles".to_owned(), texts(roles)),
                ("clearance".to_owned(), RestrictedExpression::new_long(asker.clearance.into())),
                ("committed".to_owned(), RestrictedExpression::new_bool(asker.committed)),
                ("reviewed".to_owned(), RestrictedExpression::new_bool(asker.reviewed)),
                ("department".to_owned(), text(&asker.department)),
                ("tokens".to_owned(), texts(asker.tokens())),
            ]),
            HashSet::new(),
        )
        .ok()?;
        let thing = Entity::new(
            self.thing.clone(),
            HashMap::from([
                ("level".to_owned(), RestrictedExpression::new_long(thing.level.into())),
                ("scope".to_owned(), texts(thing.scope.clone())),
                ("owner".to_owned(), text(&thing.owner)),
                ("department".to_owned(), text(&thing.department)),
                ("holder".to_owned(), text(&thing.holder)),
                ("receiver".to_owned(), text(&thing.receiver)),
            ]),
            HashSet::new(),
        )
        .ok()?;
        let entities = self.empty.clone().add_entities([person, thing], None).ok()?;
        let request =
            Request::new(principal, action.clone(), self.thing.clone(), Context::empty(), None).ok()?;
        let response = self.authorizer.is_authorized(&request, policies, &entities);
        if response.diagnostics().errors().next().is_some() {
            return None;
        }
        let mut clauses: Vec<String> =
            response.diagnostics().reason().filter_map(|id| self.clauses.get(id).cloned()).collect();
        clauses.sort_unstable();
        clauses.dedup();
        let allowed = response.decision() == cedar_policy::Decision::Allow;
        let by_default = clauses.is_empty();
        if by_default {
            clauses.push(DEFAULT_CLAUSE.to_owned());
        }
        Some(Decision { allowed, clauses, by_default })
    }
}

/// Whether a policy of that scope can match the action. Actions have no groups here: a list holds actions themselves.
fn speaks_of(constraint: &ActionConstraint, action: &EntityUid) -> bool {
    match constraint {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(named) => named == action,
        ActionConstraint::In(named) => named.contains(action),
    }
}

/// The Cedar schema, made from the registered actions: one kind of asker, one kind of thing.
fn schema(actions: &[&str]) -> String {
    let mut text = String::from(
        "entity Person = { id: String, roles: Set<String>, clearance: Long, committed: Bool, reviewed: Bool, department: String, tokens: Set<String> };\n\
         entity Thing = { level: Long, scope: Set<String>, owner: String, department: String, holder: String, receiver: String };\n",
    );
    for action in actions {
        let _ = writeln!(text, "action \"{action}\" appliesTo {{ principal: [Person], resource: [Thing] }};");
    }
    text
}

fn problem(file: &str, line: usize, what: String, allowed: &str) -> PolicyProblem {
    PolicyProblem { file: file.to_owned(), line, what: what.replace('\n', " "), allowed: allowed.to_owned() }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Lines on which the policies of a file begin, in order. A policy begins with its first annotation or keyword.
fn policy_lines(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if !inside {
            lines.push(number + 1);
            inside = true;
        }
        if line.ends_with(';') {
            inside = false;
        }
    }
    lines
}

fn offset(error: &impl miette::Diagnostic) -> Option<usize> {
    error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset())
}
