//! The mission: the office's records, actions and views, a folder for each chapter of the regulation.
//!
//! Owns what the office keeps and does. Must never know HTTP, keys, or SQL outside its views.

pub mod accountability;
pub mod action;
pub mod field;
pub mod files;
pub mod items;
pub mod keys;
pub mod loans;
pub mod page;
pub mod perform;
pub mod permissions;
pub mod personnel;
pub mod premises;
pub mod proposals;
pub mod receipts;
pub mod refusal;
pub mod rules;
pub mod supervision;
pub mod work;

pub use action::{About, Action, InputError, Registration, Stop};
pub use perform::{Office, OpenError, Performed, Request, Unable};
pub use refusal::{Refusal, Status, Texts, fill};
pub use work::{Caller, Rules, Work};

/// The read transaction that views read in.
pub use rusqlite::Connection;

use jingui_store::{Kind, Record as _};

/// Every kind of record the office keeps.
pub fn kinds() -> Vec<Kind> {
    vec![
        accountability::incident::Incident::KIND,
        items::Copy::KIND,
        items::Item::KIND,
        loans::Loan::KIND,
        loans::ReadingSession::KIND,
        personnel::Account::KIND,
        files::ContentApproval::KIND,
        keys::backup::Backup::KIND,
        keys::go_on::GoneOn::KIND,
        keys::KeyChange::KIND,
        keys::opening::Opening::KIND,
        files::File::KIND,
        files::PageRead::KIND,
        files::Print::KIND,
        files::print::SheetGiven::KIND,
        files::print::Spoilt::KIND,
        files::Reading::KIND,
        personnel::CommitmentText::KIND,
        personnel::Department::KIND,
        personnel::Leaving::KIND,
        personnel::Person::KIND,
        personnel::Post::KIND,
        personnel::SecrecyCheck::KIND,
        premises::Cabinet::KIND,
        premises::Room::KIND,
        receipts::Receipt::KIND,
        receipts::import::ImportRun::KIND,
        receipts::series::Series::KIND,
        receipts::source::Source::KIND,
        rules::Setting::KIND,
        proposals::Proposal::KIND,
        rules::CalendarYear::KIND,
        supervision::evidence::Evidence::KIND,
        supervision::filters::SavedFilter::KIND,
    ]
}

/// Every action of the office. Adding a verb means: its own file, a line in one of the lists below, a policy, a test.
pub fn actions() -> Vec<Registration> {
    [of_documents(), of_content(), of_people()].concat()
}

/// Receiving, keeping, lending, and what goes wrong there.
fn of_documents() -> Vec<Registration> {
    vec![
        Registration::of::<accountability::incident::CloseIncident>(),
        Registration::of::<items::entrust::Entrust>(),
        Registration::of::<items::mend::AddCopies>(),
        Registration::of::<items::mend::Mark>(),
        Registration::of::<items::mend::Strike>(),
        Registration::of::<items::place::Accept>(),
        Registration::of::<items::place::FoundAgain>(),
        Registration::of::<items::place::Place>(),
        Registration::of::<items::place::Recall>(),
        Registration::of::<items::reading::Open>(),
        Registration::of::<items::revise::Rescope>(),
        Registration::of::<items::revise::Revise>(),
        Registration::of::<loans::apply::Apply>(),
        Registration::of::<loans::apply::Withdraw>(),
        Registration::of::<loans::approve::Approve>(),
        Registration::of::<loans::approve::Reject>(),
        Registration::of::<loans::clockwork::Escalate>(),
        Registration::of::<loans::clockwork::Expire>(),
        Registration::of::<loans::clockwork::Remind>(),
        Registration::of::<loans::hand_over::Acknowledge>(),
        Registration::of::<loans::hand_over::HandOver>(),
        Registration::of::<loans::reading::CallOff>(),
        Registration::of::<loans::reading::CloseSession>(),
        Registration::of::<loans::reading::Confirm>(),
        Registration::of::<loans::reading::OpenSession>(),
        Registration::of::<loans::reading::ReportPages>(),
        Registration::of::<loans::renew::ApproveRenewal>(),
        Registration::of::<loans::renew::RejectRenewal>(),
        Registration::of::<loans::renew::Renew>(),
        Registration::of::<loans::take_back::BringBack>(),
        Registration::of::<loans::take_back::ReportLost>(),
        Registration::of::<loans::take_back::TakeBack>(),
        Registration::of::<premises::AddCabinet>(),
        Registration::of::<premises::AddRoom>(),
        Registration::of::<premises::NameCustodian>(),
        Registration::of::<premises::answer::NameResponsible>(),
        Registration::of::<premises::SetTerminals>(),
        Registration::of::<receipts::import::BeginImport>(),
        Registration::of::<receipts::import::FinishImport>(),
        Registration::of::<receipts::import::ImportRows>(),
        Registration::of::<receipts::receipt::SignFor>(),
        Registration::of::<receipts::register::Register>(),
        Registration::of::<receipts::take_in::TakeIn>(),
    ]
}

/// Files, keys, and what is asked of the whole.
fn of_content() -> Vec<Registration> {
    vec![
        Registration::of::<files::ceiling::ConfirmApproval>(),
        Registration::of::<files::ceiling::EnterApproval>(),
        Registration::of::<keys::backup::Note>(),
        Registration::of::<keys::go_on::GoOn>(),
        Registration::of::<keys::carried::BreakOff>(),
        Registration::of::<keys::carried::Resealed>(),
        Registration::of::<keys::carried::Rewrap>(),
        Registration::of::<keys::carried::Rotated>(),
        Registration::of::<keys::change::ApproveKeyChange>(),
        Registration::of::<keys::change::CallOffKeyChange>(),
        Registration::of::<keys::change::Collect>(),
        Registration::of::<keys::change::Confirm>(),
        Registration::of::<keys::change::ProposeHolders>(),
        Registration::of::<keys::change::ProposeRotation>(),
        Registration::of::<keys::change::RejectKeyChange>(),
        Registration::of::<keys::opening::Open>(),
        Registration::of::<files::destroyed::DestroyedSince>(),
        Registration::of::<files::file::Begin>(),
        Registration::of::<files::file::GiveUp>(),
        Registration::of::<files::file::Keep>(),
        Registration::of::<files::file::Add>(),
        Registration::of::<files::file::Note>(),
        Registration::of::<files::file::Remove>(),
        Registration::of::<files::print::ApplyPrint>(),
        Registration::of::<files::print::ApprovePrint>(),
        Registration::of::<files::print::GiveSheet>(),
        Registration::of::<files::print::MakePrint>(),
        Registration::of::<files::print::PrintAgain>(),
        Registration::of::<files::print::RejectPrint>(),
        Registration::of::<files::reading::LookAround>(),
        Registration::of::<files::reading::OpenReading>(),
        Registration::of::<files::reading::ShowPage>(),
        Registration::of::<supervision::evidence::MakeEvidence>(),
        Registration::of::<supervision::filters::RemoveFilter>(),
        Registration::of::<supervision::filters::SaveFilter>(),
    ]
}

/// People, their rights, and the rules.
fn of_people() -> Vec<Registration> {
    vec![
        Registration::of::<personnel::account::ChangePassword>(),
        Registration::of::<personnel::account::CloseAccount>(),
        Registration::of::<personnel::account::ResetAccount>(),
        Registration::of::<personnel::account::OpenAccount>(),
        Registration::of::<personnel::account::SignIn>(),
        Registration::of::<personnel::account::SignOut>(),
        Registration::of::<personnel::department::AddDepartment>(),
        Registration::of::<personnel::department::NameHead>(),
        Registration::of::<personnel::check::RecordCheck>(),
        Registration::of::<personnel::commitment::Issue>(),
        Registration::of::<personnel::commitment::SignCommitment>(),
        Registration::of::<personnel::leaving::AddNote>(),
        Registration::of::<personnel::leaving::Begin>(),
        Registration::of::<personnel::leaving::CallOff>(),
        Registration::of::<personnel::leaving::Complete>(),
        Registration::of::<personnel::leaving::Release>(),
        Registration::of::<personnel::person::AddPerson>(),
        Registration::of::<personnel::post::AddPost>(),
        Registration::of::<personnel::post::Assign>(),
        Registration::of::<personnel::post::RevisePost>(),
        Registration::of::<personnel::review::RecordReview>(),
        Registration::of::<personnel::rights::SetRights>(),
        Registration::of::<personnel::rights::ProposeRights>(),
        Registration::of::<personnel::rights::ConfirmRights>(),
        Registration::of::<personnel::rights::RejectRights>(),
        Registration::of::<rules::ImportCalendar>(),
        Registration::of::<rules::parameter::Propose>(),
        Registration::of::<rules::parameter::Confirm>(),
        Registration::of::<rules::parameter::Reject>(),
        Registration::of::<rules::parameter::TakeEffect>(),
        Registration::of::<proposals::Withdraw>(),
    ]
}
