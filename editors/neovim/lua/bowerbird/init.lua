--- Bowerbird in Neovim: ghost text from a language server on this machine.
---
--- `:help bowerbird` explains all of it.

local M = {}

local enabled = true
local configured = false

local function ghost()
  return require(vim.lsp.inline_completion and 'bowerbird.native' or 'bowerbird.ghost')
end

---@param group integer
local function follow_buffers(group)
  local marks = vim.api.nvim_create_augroup('bowerbird.suggestions', {})
  vim.api.nvim_create_autocmd('LspAttach', {
    group = group,
    callback = function(event)
      if enabled and require('bowerbird.server').owns(event.data.client_id) then
        ghost().attach(event.buf, marks)
      end
    end,
  })
end

--- Start Bowerbird. Call it once, in your configuration.
---@param options table|nil see `:help bowerbird-options`
function M.setup(options)
  if vim.fn.has('nvim-0.10') == 0 then
    error('bowerbird: Neovim 0.10 or later is needed', 0)
  end
  local config = require('bowerbird.config').set(options)
  local group = vim.api.nvim_create_augroup('bowerbird', {})
  vim.api.nvim_set_hl(0, 'BowerbirdSuggestion', { link = 'NonText', default = true })
  require('bowerbird.commands').define()
  if vim.fn.executable(config.cmd[1]) == 0 then
    local advice = 'Bowerbird: there is no command `%s`. Install it, or name it in the option `cmd`.'
    vim.notify(advice:format(config.cmd[1]), vim.log.levels.ERROR)
    return
  end
  if not configured then -- keys that were mapped once must not find themselves as the former ones
    require('bowerbird.keys').map(config.keys, ghost().visible)
  end
  configured = true
  follow_buffers(group)
  require('bowerbird.server').enable(config, group)
end

--- For a statusline: what the server is doing, its model and how long the last answer took.
---@return string
function M.status()
  local reported = require('bowerbird.server').reported()
  if not enabled then
    return 'bowerbird off'
  elseif not reported then
    return ''
  elseif reported.state ~= 'ready' then
    return 'bowerbird ' .. reported.state
  end
  local latency = reported.lastLatencyMs
  local time = type(latency) == 'number' and (' %.0f ms'):format(latency) or ''
  return 'bowerbird ' .. reported.model .. time
end

--- Ask once more, where the server has a better suggestion by now and the cursor has stayed.
---@param id integer of the client
---@param place table with `textDocument` and `position`, as the protocol has them
function M.ask_again(id, place)
  local client = vim.lsp.get_client_by_id(id)
  if enabled and client and require('bowerbird.server').inserting_at(client, place) then
    ghost().ask(client, vim.api.nvim_get_current_buf())
  end
end

--- Take the suggestion, or a part of it.
---@param part bowerbird.Part|nil
function M.accept(part)
  ghost().accept(part or 'whole')
end

--- Show the next suggestion.
function M.next()
  ghost().select(1)
end

--- Show the suggestion before.
function M.previous()
  ghost().select(-1)
end

--- Hide the suggestion.
function M.dismiss()
  ghost().dismiss()
end

--- Whether a suggestion is on the screen.
---@return boolean
function M.visible()
  return ghost().visible()
end

--- Switch suggestions on or off.
---@return boolean enabled
function M.toggle()
  enabled = not enabled
  ghost().enable(enabled)
  vim.cmd.redrawstatus({ bang = true })
  return enabled
end

return M
