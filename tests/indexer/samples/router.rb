require "set"
require_relative "handler"

# Match request paths to handlers.
module Routing
  SEPARATOR = "/"

  # One path and what answers it.
  class Route < Base
    attr_reader :path

    def initialize(path, &handler)
      @path = path
      @handler = handler
    end

    # Whether the path is this route's.
    def match?(path)
      @path == path
    end

    def self.parse(text)
      new(text.strip)
    end

    private

    def ==(other)
      path == other.path
    end
  end

  class Missing < StandardError; end
end

def normalize(path, lower: false)
  path.squeeze("/")
end
