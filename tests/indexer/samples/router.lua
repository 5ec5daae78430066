local http = require("http")
local M = {}

local SEPARATOR = "/"

--- Drop a trailing separator.
-- @param path the path
local function normalize(path, lower)
  return (path:gsub("/+$", ""))
end

-- One path and what answers it.
function M.route(path, handler)
  return { path = path, handler = handler }
end

function M:match(path)
  return self.path == path
end

M.close = function(self)
  self.handler = nil
end

local join = function(left, right)
  return left .. SEPARATOR .. right
end

return M
