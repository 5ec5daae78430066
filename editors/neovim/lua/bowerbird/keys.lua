--- Keys of insert mode that act on a suggestion, and do what they did before where there is none.

local M = {}

--- What a key did before it was mapped, as keys to be typed.
---@param key string
---@return fun(): string
local function former(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if mapping.callback then
    return function()
      local keys = mapping.callback()
      return mapping.expr == 1 and keys or ''
    end
  elseif mapping.rhs and mapping.expr == 1 then
    return function()
      return vim.api.nvim_eval(mapping.rhs)
    end
  end
  return function()
    return mapping.rhs or key
  end
end

local actions = {
  accept = "accept('whole')",
  accept_word = "accept('word')",
  accept_line = "accept('line')",
  next = 'next()',
  previous = 'previous()',
  dismiss = 'dismiss()',
}

--- Map the keys.
---@param keys bowerbird.Keys
---@param visible fun(): boolean
function M.map(keys, visible)
  for name, action in pairs(actions) do
    local key = keys[name]
    if key then
      local instead = former(key)
      vim.keymap.set('i', key, function()
        -- A mapping by expression may not change text, what it returns may.
        return visible() and ("<Cmd>lua require('bowerbird').%s<CR>"):format(action) or instead()
      end, { expr = true, silent = true, desc = 'Bowerbird: ' .. name:gsub('_', ' ') })
    end
  end
end

return M
