//! An answer, flat: the host makes a `Response` of it.

use super::page;
use super::problem::Problem;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// `name: value`, a line each. No value holds a line break: they are our own words, or parsed before.
    pub headers: String,
    /// The body.
    pub body: String,
    /// The error's code, for the log.
    pub code: Option<&'static str>,
    /// Why nothing was done though it is answered with success, for the log.
    pub ignored: Option<&'static str>,
}

impl Response {
    fn new(status: u16, body: String) -> Self {
        Self {
            status,
            headers: String::from("cache-control: no-store\nx-content-type-options: nosniff\n"),
            body,
            code: None,
            ignored: None,
        }
    }

    /// Adds a header. Whatever is not printable ASCII would end it, and is left out.
    pub fn header(&mut self, name: &str, value: &str) -> &mut Self {
        self.headers.push_str(name);
        self.headers.push_str(": ");
        if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.headers.push_str(value);
        } else {
            let printable = |c: &char| matches!(c, ' '..='~');
            self.headers.extend(value.chars().filter(printable));
        }
        self.headers.push('\n');
        self
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: String) -> Self {
        let mut response = Self::new(status, body);
        response
            .header("content-type", "application/json")
            .header("referrer-policy", "no-referrer");
        response
    }

    /// Nothing but a status.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        let mut response = Self::new(status, String::new());
        response.header("referrer-policy", "no-referrer");
        response
    }

    /// 303 to a URL.
    #[must_use]
    pub fn see_other(url: &str) -> Self {
        let mut response = Self::new(303, String::new());
        response
            .header("location", url)
            .header("referrer-policy", "no-referrer");
        response
    }

    /// 307: the same form, sent once more.
    #[must_use]
    pub fn send_again(url: &str) -> Self {
        let mut response = Self::new(307, String::new());
        response
            .header("location", url)
            .header("referrer-policy", "same-origin");
        response
    }

    /// A page.
    #[must_use]
    pub fn page(status: u16, html: String) -> Self {
        let mut response = Self::new(status, html);
        response
            .header("content-type", "text/html; charset=utf-8")
            // Not `no-referrer`: a form of ours would then say `Origin: null`.
            .header("referrer-policy", "same-origin")
            .header("content-security-policy", &page::content_security_policy())
            .header("x-frame-options", "DENY");
        response
    }

    /// A payment's status, as a page; with why it could not be found out, if so.
    #[must_use]
    pub(super) fn status_page(page: &page::StatusPage<'_>, problem: Option<&Problem>) -> Self {
        let status = problem.map_or(200, |problem| problem.status);
        let mut response = Self::page(status, page.html());
        if let Some(problem) = problem {
            response = response.about(problem);
        }
        if let Some(refresh) = page.refresh() {
            response.header("refresh", &refresh);
        }
        response
    }

    /// The page that says that this browser knows no payment any more.
    #[must_use]
    pub fn forgotten_page(home: Option<&str>) -> Self {
        Self::page(200, page::forgotten(home))
    }

    /// An error, as JSON.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        Self::json(problem.status, problem.to_json()).about(problem)
    }

    /// An error, as a page that leads back to the e-service.
    #[must_use]
    pub fn problem_page(problem: &Problem, home: Option<&str>) -> Self {
        let html = page::problem(problem, home);
        Self::page(problem.status, html).about(problem)
    }

    fn about(self, problem: &Problem) -> Self {
        let mut response = self;
        if let Some(secs) = problem.retry_after_secs {
            response.header("retry-after", &secs.to_string());
        }
        if problem.status == 401 && problem.code != "invalid_signature" {
            response.header("www-authenticate", "Bearer");
        }
        response.code = Some(problem.code);
        response
    }
}
