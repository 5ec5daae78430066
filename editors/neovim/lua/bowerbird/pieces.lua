--- Parts of a suggestion, and how one is inserted.

local M = {}

-- Bytes above 127 belong to letters of other alphabets.
local WORD = '^%s*[%w_\128-\255]+'
local MARKS = '^%s*[^%w%s_\128-\255]+'

---@alias bowerbird.Part 'whole'|'word'|'line'

--- The beginning of a text that is one part of it.
---@param text string not empty
---@param part bowerbird.Part
---@return string
function M.first(text, part)
  if part == 'word' then
    return text:match(WORD) or text:match(MARKS) or text
  elseif part == 'line' then
    return text:match('^\n?[^\n]*')
  end
  return text
end

--- Have one undo take back what is inserted next, and no more.
function M.begin_undo()
  vim.cmd('let &undolevels = &undolevels')
end

--- Insert a text at the cursor of the current window and move behind it.
---@param text string
function M.insert(text)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local lines = vim.split(text, '\n', { plain = true })
  M.begin_undo()
  vim.api.nvim_buf_set_text(0, row - 1, column, row - 1, column, lines)
  local start = #lines == 1 and column or 0
  vim.api.nvim_win_set_cursor(0, { row + #lines - 1, start + #lines[#lines] })
end

return M
