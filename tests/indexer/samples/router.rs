//! Match request paths to handlers.

use std::collections::HashMap;
use std::fmt;

const SEPARATOR: char = '/';

/// One path and what answers it.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Route {
    path: String,
}

pub enum Method {
    Get,
    Head,
}

/// Decides whether a path is meant.
pub trait Matcher {
    fn matches(&self, path: &str) -> bool;

    /// The opposite.
    fn misses(&self, path: &str) -> bool {
        !self.matches(path)
    }
}

impl Route {
    /// Make a route.
    #[inline]
    pub fn new(path: &str) -> Self {
        Route { path: path.to_string() }
    }
}

impl Matcher for Route {
    type Path = String;

    fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.path)
    }
}

impl<T: fmt::Debug> fmt::Display for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

type Table = HashMap<String, Route>;

macro_rules! route {
    ($path:expr) => {
        Route::new($path)
    };
}

mod paths {
    pub async fn join(left: &str, right: &str) -> String {
        format!("{left}/{right}")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn makes_a_route() {
        super::Route::new("/");
    }
}
