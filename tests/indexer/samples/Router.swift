import Foundation

let separator = "/"

/// One path and what answers it.
public final class Route: Matcher {
    let path: String

    public init(path: String) {
        self.path = path
    }

    /// Whether the path is this route's.
    @discardableResult
    public func matches(_ path: String) -> Bool {
        return self.path == path
    }
}

protocol Matcher {
    func matches(_ path: String) -> Bool
}

struct Point {
    var x: Int
}

enum Method: String {
    case get, head

    var safe: Bool { true }
}

extension Route {
    func close() {}
}

// Drop a trailing separator.
func normalize(_ path: String, lower: Bool = false) -> String {
    return path
}

typealias Table = [String: Route]
