package org.example.routing

import scala.util.matching.Regex
import java.util.{List => JList}

/** One path and what answers it. */
@deprecated
case class Route(path: String) extends Matcher {
  val pattern: Regex = path.r

  /** Whether the path is this route's. */
  override def matches(path: String): Boolean = {
    pattern.matches(path)
  }
}

object Route {
  def parse(text: String): Route = Route(text.trim)
}

trait Matcher {
  def matches(path: String): Boolean
}

enum Method {
  case Get, Head
}

// Drop a trailing separator.
def normalize(path: String, lower: Boolean = false): String =
  path.stripSuffix("/")

type Table = Map[String, Route]
