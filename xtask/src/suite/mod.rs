//! tests
use crate::project::Project;
use clap::Args;
use std::process::ExitCode;
#[derive(Args)]
pub(crate) struct TestOptions {}
pub(crate) fn test(_: &Project, _: &TestOptions) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
