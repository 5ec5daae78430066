<?php

declare(strict_types=1);

namespace Example\Routing;

use Example\Handler;
use Example\Http\{Request, Response};

const SEPARATOR = '/';

/**
 * Match request paths to handlers.
 */
#[Service]
final class Router extends Base implements Matcher
{
    private array $routes = [];

    public function __construct(array $routes)
    {
        $this->routes = $routes;
    }

    /** Whether any route is meant. */
    public function matches(string $path): bool
    {
        return in_array($path, $this->routes, true);
    }
}

interface Matcher
{
    public function matches(string $path): bool;
}

trait Closing
{
    abstract public function close(): void;
}

enum Method: string
{
    case Get = 'GET';
}

// Drop a trailing separator.
function normalize(string $path, bool $lower = false): string
{
    return rtrim($path, SEPARATOR);
}
