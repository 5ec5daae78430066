package org.example.routing

import kotlin.text.Regex
import kotlinx.coroutines.delay as pause

const val SEPARATOR = "/"

/** One path and what answers it. */
@Serializable
data class Route(val path: String, val handler: () -> Unit) : Matcher {
    val pattern = Regex(path)

    /** Whether the path is this route's. */
    override fun matches(path: String): Boolean {
        return pattern.matches(path)
    }

    companion object {
        fun parse(text: String) = Route(text.trim()) {}
    }
}

interface Matcher {
    fun matches(path: String): Boolean
}

enum class Method { GET, HEAD }

object Routes {
    val all = mutableListOf<Route>()
}

// Drop a trailing separator.
fun String.normalize(lower: Boolean = false): String = trimEnd('/')

suspend fun serve(routes: List<Route>) {
    routes.forEach { it.handler() }
}

typealias Table = Map<String, Route>
