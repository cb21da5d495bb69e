//! Exemptions must be needed, and say why.

use taskferry_sdk::AnyTransform;
use taskferry_sdk::conformance::Check;

use crate::{assert_fails, kit, transform};

transform!(Accepts, AnyTransform::filter(|_| Ok(true)));

#[test]
fn an_exemption_with_a_reason_is_in_the_report() {
    let report = kit::<Accepts>().exempt(Check::ErrorsClear, "it refuses no record").run();
    let line = "  exempt  errors are clear                     it refuses no record\n";
    assert!(report.to_string().contains(line), "{report}");
}

#[test]
fn a_wrong_exemption_is_found() {
    let kit = || kit::<Accepts>().exempt(Check::ErrorsClear, "it refuses no record");
    let unneeded = kit().exempt(Check::OrderKept, "it might change the order").report();
    assert_fails(&unneeded, Check::OrderKept, "the check passes, so the exemption is not needed");
    let inapplicable = kit().exempt(Check::ResumeEqualsUndisturbed, "it has no state").report();
    assert_fails(&inapplicable, Check::ResumeEqualsUndisturbed, "the check does not apply");
    let other = kit().exempt(Check::PagingEnds, "it is no source").report();
    assert_fails(&other, Check::PagingEnds, "the check does not apply to this kind of plugin");
    let silent = crate::kit::<Accepts>().exempt(Check::ErrorsClear, " ").report();
    assert_fails(&silent, Check::ErrorsClear, "the exemption needs a reason");
}

#[test]
#[should_panic(expected = "`Accepts` does not conform to the rules for plugins")]
fn a_failed_check_fails_the_test_with_the_report() {
    kit::<Accepts>().run();
}
