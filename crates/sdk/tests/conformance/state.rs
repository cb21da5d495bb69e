//! Ordered transforms whose state is wrong.

use serde_json::{Value, json};
use taskferry_sdk::conformance::Check;
use taskferry_sdk::{AnyTransform, FieldRule, OrderedTransform, Output, Record, StageError};

use crate::{assert_fails, kit, object, transform};

/// How the state is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    None,
    NotSaved,
    NotRestored,
    RestoreRefuses,
    ForgetsLast,
    CountsRefused,
}

/// Numbers records.
#[derive(Debug)]
struct Numbering {
    flaw: Flaw,
    number: u64,
    saved: u64,
}

impl OrderedTransform for Numbering {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        if self.flaw == Flaw::CountsRefused {
            self.number += 1;
        }
        let root = record.root()?;
        object(root)?;
        let mut edit = record.edit()?;
        edit.set(root, "number", self.number);
        out.emit(edit.finish());
        if self.flaw != Flaw::CountsRefused {
            (self.saved, self.number) = (self.number, self.number + 1);
        }
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        match self.flaw {
            Flaw::NotSaved => None,
            Flaw::ForgetsLast => Some(json!(self.saved)),
            _ => Some(json!(self.number)),
        }
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        match self.flaw {
            Flaw::NotRestored => {}
            Flaw::RestoreRefuses => {
                let kind = taskferry_sdk::ErrorKind::Defect;
                return Err(StageError::new(kind, "the state has another version"));
            }
            _ => (self.number, self.saved) = (state.as_u64().unwrap(), state.as_u64().unwrap()),
        }
        Ok(())
    }
}

fn numbering(flaw: Flaw) -> AnyTransform {
    AnyTransform::ordered(Numbering { flaw, number: 0, saved: 0 })
}

macro_rules! numbering {
    ($($flaw:ident),*) => {
        $(transform!($flaw, numbering(Flaw::$flaw), FieldRule::unchanged().adds("number"), &[]);)*
    };
}

numbering!(None, NotSaved, NotRestored, RestoreRefuses, ForgetsLast, CountsRefused);

#[test]
fn a_correct_state_conforms() {
    kit::<None>().run();
}

#[test]
fn a_wrong_state_is_found() {
    let check = Check::ResumeEqualsUndisturbed;
    let why = "`save` returns no state after 0 records";
    assert_fails(&kit::<NotSaved>().report(), check, why);
    let why = "`save` after `restore` returns another state";
    assert_fails(&kit::<NotRestored>().report(), check, why);
    let why = "`restore` refuses a saved state: the state has another version";
    assert_fails(&kit::<RestoreRefuses>().report(), check, why);
    let why = "a run that resumes after 1 records differs";
    assert_fails(&kit::<ForgetsLast>().report(), check, why);
    let refused = kit::<CountsRefused>().sample("{\"task_id\":\"t1\"}\n7\n{\"task_id\":\"t2\"}");
    assert_fails(&refused.report(), check, "a refused record has changed the state");
}
