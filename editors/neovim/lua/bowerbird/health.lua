--- `:checkhealth bowerbird`: what works, and what to do about the rest.

local M = {}

local health = vim.health

local function neovim()
  if vim.fn.has('nvim-0.10') == 0 then
    health.error('Neovim 0.10 or later is needed', 'Update Neovim.')
  elseif vim.lsp.inline_completion then
    health.ok('Ghost text is shown by Neovim itself (vim.lsp.inline_completion)')
  else
    health.ok('Ghost text is shown by Bowerbird; Neovim can do so itself from 0.12 on')
  end
end

---@param config bowerbird.Config
---@return boolean there
local function command(config)
  local name = config.cmd[1]
  if vim.fn.executable(name) == 0 then
    health.error(('There is no command `%s`'):format(name), {
      'Install the server: see the README of this plugin',
      "or name it: require('bowerbird').setup{ cmd = { '/path/to/bowerbird', 'serve' } }",
    })
    return false
  end
  health.ok('The server is started by `' .. table.concat(config.cmd, ' ') .. '`')
  return true
end

local function client()
  local server = require('bowerbird.server')
  local running = server.client()
  if not running then
    health.warn('The server is not running', {
      'Open a file of a project.',
      'If it stays so, look at the log: ' .. vim.lsp.log.get_filename(),
    })
    return
  end
  local info = running.server_info or {}
  local folders = vim.tbl_map(function(folder)
    return vim.uri_to_fname(folder.uri)
  end, running.workspace_folders or {})
  health.ok(('The server runs: version %s, in %s'):format(
    info.version or 'unknown', table.concat(folders, ', ') or 'no folder'))
  local reported = server.reported()
  if not reported then
    health.info('It has not said anything of itself yet')
    return
  end
  health.info(('It is %s; %d files are indexed'):format(reported.state, reported.indexedFiles))
  if reported.model == 'index' and reported.state == 'ready' then
    health.warn('It uses no model: suggestions come from the index alone', {
      'Choose one with :Bowerbird model, or in setup: settings = { model = { name = ... } }',
      'One that is not installed is downloaded by :Bowerbird pull',
    })
  elseif reported.model ~= 'index' then
    health.ok('Its model is ' .. reported.model)
  end
end

---@param keys bowerbird.Keys
local function mappings(keys)
  for name, key in pairs(keys) do
    local mapping = key and vim.fn.maparg(key, 'i', false, true) or {}
    if key and not vim.startswith(mapping.desc or '', 'Bowerbird') then
      health.warn(('%s, for `%s`, is mapped to something else'):format(key, name),
        'Choose another key in setup, or call this one from your mapping: see :help bowerbird-keys')
    end
  end
end

--- Run all checks.
function M.check()
  health.start('bowerbird')
  local config = require('bowerbird.config').current
  neovim()
  if command(config) then
    client()
    mappings(config.keys)
  end
end

return M
