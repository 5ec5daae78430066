--- What a user can choose, and what holds until then.

local M = {}

---@class bowerbird.Keys
---@field accept string|false take the whole suggestion
---@field accept_word string|false take its next word
---@field accept_line string|false take its next line
---@field next string|false show the next suggestion, if the server has several
---@field previous string|false show the one before
---@field dismiss string|false hide the suggestion

---@class bowerbird.Config
---@field cmd string[] how the server is started
---@field filetypes string[]|nil which buffers it serves; nil: all that are files
---@field root_markers string[] files or folders that mark a project's root
---@field settings table the server's settings, such as { completion = { max_tokens = 32 } }
---@field capabilities table|nil what a completion plugin adds to the client's capabilities
---@field debounce_ms integer pause in typing after which a suggestion is asked for (before 0.12)
---@field keys bowerbird.Keys keys of insert mode; false leaves one unmapped

---@type bowerbird.Config
local defaults = {
  cmd = { 'bowerbird', 'serve' },
  filetypes = nil,
  root_markers = { 'bowerbird.toml', '.git', '.hg' },
  settings = {},
  capabilities = nil,
  debounce_ms = 60,
  keys = {
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-Down>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
  },
}

local optional = { filetypes = 'table', capabilities = 'table' }

---@type bowerbird.Config
M.current = vim.deepcopy(defaults)

--- Raise an error that names what is wrong with a table of options.
---@param given table
---@param known table<string, string> the type each option must have
---@param where string
local function check(given, known, where)
  for name, value in pairs(given) do
    local wanted = known[name]
    if not wanted then
      local names = vim.tbl_keys(known)
      table.sort(names)
      error(('bowerbird: unknown option `%s%s`; there are %s'):format(
        where, name, table.concat(names, ', ')), 0)
    elseif type(value) ~= wanted and not (wanted == 'string' and value == false) then
      error(('bowerbird: option `%s%s` must be a %s, not %s'):format(
        where, name, wanted, vim.inspect(value)), 0)
    end
  end
end

---@param options table
---@return table<string, string>
local function types(options)
  return vim.tbl_map(type, options)
end

--- Take over the user's options; an unknown or mistyped one raises an error that names it.
---@param options table|nil
---@return bowerbird.Config
function M.set(options)
  options = options or {}
  check(options, vim.tbl_extend('error', types(defaults), optional), '')
  check(options.keys or {}, types(defaults.keys), 'keys.')
  M.current = vim.tbl_deep_extend('force', vim.deepcopy(defaults), options)
  return M.current
end

return M
