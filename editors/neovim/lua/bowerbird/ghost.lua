--- Ghost text by extmarks, for Neovim before 0.12 (later ones have their own, see native.lua).
---
--- One suggestion at a time: in the buffer where text is being inserted.

local config = require('bowerbird.config')
local pieces = require('bowerbird.pieces')
local server = require('bowerbird.server')

local api = vim.api
local M = {}

local namespace = api.nvim_create_namespace('bowerbird')

---@class bowerbird.Shown
---@field buffer integer
---@field client vim.lsp.Client
---@field items table[] of `textDocument/inlineCompletion`
---@field index integer which of them is shown
---@field row integer where they begin, from zero
---@field column integer in bytes
---@field after string what followed the cursor on its line

---@type bowerbird.Shown|nil
local shown = nil
---@type fun()|nil cancels the request under way
local cancel = nil
---@type uv.uv_timer_t|nil runs while typing goes on
local timer = nil
local enabled = true

local function inserting()
  return api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

local function stop_asking()
  if timer then
    timer:stop()
    timer:close()
    timer = nil
  end
  if cancel then
    cancel()
    cancel = nil
  end
end

local function clear()
  if shown and api.nvim_buf_is_valid(shown.buffer) then
    api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
  end
end

--- What of the suggestion is not in the buffer yet; nil once something else was typed.
---@return string|nil
local function rest()
  if not shown or api.nvim_get_current_buf() ~= shown.buffer then
    return nil
  end
  local row, column = unpack(api.nvim_win_get_cursor(0))
  row = row - 1
  if row < shown.row or (row == shown.row and column < shown.column) then
    return nil
  end
  if api.nvim_get_current_line():sub(column + 1) ~= shown.after then
    return nil
  end
  local lines = api.nvim_buf_get_text(shown.buffer, shown.row, shown.column, row, column, {})
  local typed, text = table.concat(lines, '\n'), shown.items[shown.index].insertText
  return #typed < #text and vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- Show what is left of the suggestion at the cursor; false when nothing is.
---@return boolean
local function show()
  clear()
  local text = rest()
  if not text or not shown then
    shown = nil
    return false
  end
  local lines = vim.split(text, '\n', { plain = true })
  local below = {}
  for index = 2, #lines do
    below[index - 1] = { { lines[index], 'BowerbirdSuggestion' } }
  end
  local row, column = unpack(api.nvim_win_get_cursor(0))
  api.nvim_buf_set_extmark(shown.buffer, namespace, row - 1, column, {
    virt_text = { { lines[1], 'BowerbirdSuggestion' } },
    virt_text_pos = 'inline',
    virt_lines = below,
    hl_mode = 'combine',
  })
  return true
end

--- Ask for a suggestion; what is shown stays until there is another.
---@param client vim.lsp.Client
---@param buffer integer the current one
function M.ask(client, buffer)
  stop_asking()
  local tick, place = api.nvim_buf_get_changedtick(buffer), api.nvim_win_get_cursor(0)
  cancel = server.suggest(client, buffer, function(items)
    cancel = nil
    local here = inserting()
      and api.nvim_get_current_buf() == buffer
      and api.nvim_buf_get_changedtick(buffer) == tick
      and vim.deep_equal(api.nvim_win_get_cursor(0), place)
    if not here or #items == 0 then
      return
    end
    local start = items[1].range.start
    local line = api.nvim_buf_get_lines(buffer, start.line, start.line + 1, true)[1]
    shown = {
      buffer = buffer,
      client = client,
      items = items,
      index = 1,
      row = start.line,
      column = server.byte(client, line, start.character),
      after = api.nvim_get_current_line():sub(place[2] + 1),
    }
    show()
  end)
end

--- Follow the cursor: show the rest of what is suggested, or ask once typing pauses.
---@param buffer integer
local function follow(buffer)
  stop_asking()
  local client = server.client(buffer)
  if not enabled or not client or not inserting() or show() then
    return
  end
  timer = vim.defer_fn(function()
    timer = nil
    if inserting() and api.nvim_get_current_buf() == buffer then
      M.ask(client, buffer)
    end
  end, config.current.debounce_ms)
end

--- Hide the suggestion, and stop what would bring one.
function M.dismiss()
  stop_asking()
  clear()
  shown = nil
end

--- Suggest in a buffer from now on.
---@param buffer integer
---@param group integer of autocommands
function M.attach(buffer, group)
  api.nvim_clear_autocmds({ group = group, buffer = buffer })
  api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = buffer,
    callback = vim.schedule_wrap(function()
      follow(buffer)
    end),
  })
  api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = buffer,
    callback = M.dismiss,
  })
  if buffer == api.nvim_get_current_buf() then
    follow(buffer)
  end
end

--- Switch suggestions on or off.
---@param on boolean
function M.enable(on)
  enabled = on
  M.dismiss()
end

--- Whether a suggestion is on the screen.
---@return boolean
function M.visible()
  return rest() ~= nil
end

--- Take a part of the suggestion. What is left stays on the screen.
---@param part bowerbird.Part
function M.accept(part)
  local text, taken = rest(), shown
  if not text or not taken then
    return
  end
  pieces.insert(pieces.first(text, part))
  local command = taken.items[taken.index].command
  if command then
    server.execute(taken.client, command.command, command.arguments)
  end
end

--- Show another of the suggestions.
---@param step integer
function M.select(step)
  if shown then
    shown.index = (shown.index - 1 + step) % #shown.items + 1
    show()
  end
end

return M
