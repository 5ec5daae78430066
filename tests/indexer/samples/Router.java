package org.example.routing;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Match request paths to handlers.
 */
@SuppressWarnings("unused")
public final class Router<T> extends Base implements Matcher {
    private static final String SEPARATOR = "/";
    private final List<Route> routes;

    public Router(List<Route> routes) {
        this.routes = routes;
    }

    /** Whether any route is meant. */
    @Override
    public boolean matches(String path) {
        return routes.stream().anyMatch(route -> route.matches(path));
    }

    static class Route {
        Pattern pattern;

        boolean matches(String path) {
            return pattern.matcher(path).matches();
        }
    }

    interface Closer {
        void close();
    }

    enum Method {
        GET, HEAD;

        boolean safe() {
            return true;
        }
    }

    record Point(int x, int y) {
    }
}
