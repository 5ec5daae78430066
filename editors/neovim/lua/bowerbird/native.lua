--- Neovim's own inline completion (0.12 and later), behind the interface of ghost.lua.

local pieces = require('bowerbird.pieces')
local server = require('bowerbird.server')

local M = {}

local namespace = 'nvim.lsp.inline_completion'

--- What of a suggestion stands after the cursor. Neovim 0.12 and its successor spell ranges in two
--- ways; ours begin on the cursor's line and end at the cursor.
local function rest(item)
  if not item.range then
    return item.insert_text
  end
  local start = item.range.start_col or item.range.start.col
  return item.insert_text:sub(vim.api.nvim_win_get_cursor(0)[2] - start + 1)
end

--- Suggest in a buffer from now on.
---@param buffer integer
function M.attach(buffer)
  vim.lsp.inline_completion.enable(true, { bufnr = buffer })
end

--- Switch suggestions on or off, in every buffer that has them.
---@param on boolean
function M.enable(on)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'bowerbird' })) do
    for buffer in pairs(client.attached_buffers) do
      vim.lsp.inline_completion.enable(on, { bufnr = buffer })
    end
  end
end

--- Ask for a suggestion; what is shown stays until there is another. Neovim has no function for this,
--- but does it whenever the cursor moves.
---@param buffer integer the current one
function M.ask(_, buffer)
  vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = buffer, modeline = false })
end

--- Have Neovim hand over the suggestion, and wait until it did: it does so a moment later, and keys
--- that were typed meanwhile, such as <Esc>, would come first.
---@param take fun(item: table): table|nil what Neovim shall insert itself
local function hand_over(take)
  local done = false
  vim.lsp.inline_completion.get({ on_accept = take })
  vim.schedule(function()
    done = true
  end)
  vim.wait(1000, function()
    return done
  end)
end

--- Hide the suggestion.
function M.dismiss()
  hand_over(function() end)
end

--- Whether a suggestion is on the screen. Neovim leaves an empty mark of one that was typed to its end.
---@return boolean
function M.visible()
  local marks = vim.api.nvim_create_namespace(namespace)
  local mark = vim.api.nvim_buf_get_extmarks(0, marks, 0, -1, { limit = 1, details = true })[1]
  local details = mark and mark[4] or {}
  return details.virt_lines ~= nil or (details.virt_text or { { '' } })[1][1] ~= ''
end

--- Take a part of the suggestion. Neovim asks for what is left by itself.
---@param part bowerbird.Part
function M.accept(part)
  hand_over(function(item)
    if part == 'whole' then
      pieces.begin_undo()
      return item
    end
    pieces.insert(pieces.first(rest(item), part))
    local client = vim.lsp.get_client_by_id(item.client_id)
    if client and item.command then
      server.execute(client, item.command.command, item.command.arguments)
    end
  end)
end

--- Show another of the suggestions.
---@param step integer
function M.select(step)
  vim.lsp.inline_completion.select({ count = step })
end

return M
