--- The language server: how it is started, found, and asked.

local M = {}

local NAME = 'bowerbird'
local METHOD = 'textDocument/inlineCompletion'

---@type table<integer, table> what each client's server last said of itself
local reports = {}

local function said(_, status, context)
  reports[context.client_id] = status
  vim.schedule(function()
    vim.api.nvim_exec_autocmds('User', { pattern = 'BowerbirdStatus', modeline = false })
    vim.cmd.redrawstatus({ bang = true })
  end)
end

local function better(_, place, context)
  vim.schedule(function()
    require('bowerbird').ask_again(context.client_id, place)
  end)
end

---@param config bowerbird.Config
---@return vim.lsp.ClientConfig
local function client_config(config)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  -- Neovim says so itself from 0.12 on; before that, the ghost text is ours.
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  return {
    name = NAME,
    cmd = config.cmd,
    capabilities = vim.tbl_deep_extend('force', capabilities, config.capabilities or {}),
    settings = { bowerbird = vim.tbl_isempty(config.settings) and vim.empty_dict() or config.settings },
    handlers = { ['bowerbird/status'] = said, ['bowerbird/better'] = better },
    on_exit = function(_, _, id)
      reports[id] = nil
    end,
  }
end

--- The folder that is indexed for a buffer: its project's, else the current one if it lies in that.
---@param buffer integer
---@param markers string[]
---@return string|nil
local function root(buffer, markers)
  local current = vim.fn.getcwd()
  local inside = vim.startswith(vim.api.nvim_buf_get_name(buffer), current .. '/')
  return vim.fs.root(buffer, markers) or (inside and current or nil)
end

--- Neovim 0.10 has no `vim.lsp.enable`.
---@param config bowerbird.Config
---@param group integer
local function start_by_autocommand(config, group)
  local function start(buffer)
    if vim.bo[buffer].buftype == '' and vim.api.nvim_buf_get_name(buffer) ~= '' then
      local given = client_config(config)
      given.root_dir = root(buffer, config.root_markers)
      vim.lsp.start(given, { bufnr = buffer })
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = config.filetypes or '*',
    callback = function(event)
      start(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local filetype = vim.bo[buffer].filetype
    if filetype ~= '' and vim.tbl_contains(config.filetypes or { filetype }, filetype) then
      start(buffer)
    end
  end
end

--- Start the server for each buffer it is to serve, now and later.
---@param config bowerbird.Config
---@param group integer
function M.enable(config, group)
  if not vim.lsp.enable then
    return start_by_autocommand(config, group)
  end
  local given = client_config(config)
  given.filetypes = config.filetypes
  given.root_dir = function(buffer, use)
    if vim.api.nvim_buf_get_name(buffer) ~= '' then -- else it is no file's, and in no project
      use(root(buffer, config.root_markers))
    end
  end
  vim.lsp.config(NAME, given)
  vim.lsp.enable(NAME)
end

--- The client of a buffer's server; that of another buffer where the buffer has none.
---@param buffer integer|nil
---@return vim.lsp.Client|nil
function M.client(buffer)
  return vim.lsp.get_clients({ name = NAME, bufnr = buffer or 0 })[1]
    or (not buffer and vim.lsp.get_clients({ name = NAME })[1] or nil)
end

--- What the server of the current buffer last said of itself: its state, model, indexedFiles and
--- lastLatencyMs.
---@return table|nil
function M.reported()
  local client = M.client()
  return client and reports[client.id]
end

--- Whether a client is ours.
---@param id integer
function M.owns(id)
  local client = vim.lsp.get_client_by_id(id)
  return client ~= nil and client.name == NAME
end

--- Whether text is being inserted at a place.
---@param client vim.lsp.Client
---@param place table with `textDocument` and `position`, as the protocol has them
---@return boolean
function M.inserting_at(client, place)
  local here = vim.lsp.util.make_position_params(0, client.offset_encoding)
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
    and here.textDocument.uri == place.textDocument.uri
    and vim.deep_equal(here.position, place.position)
end

--- Call a method of a client; Neovim 0.10 binds it already.
---@param client vim.lsp.Client
---@param name string
---@param ... any
local function call(client, name, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

--- Send a request; `answered` gets the result, an error is shown.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param answered fun(result: any)
---@param buffer integer|nil
---@return integer|nil id to cancel it by
function M.request(client, method, params, answered, buffer)
  local _, id = call(client, 'request', method, params, function(err, result)
    if err then
      vim.notify('Bowerbird: ' .. (err.message or vim.inspect(err)), vim.log.levels.WARN)
    else
      answered(result)
    end
  end, buffer or 0)
  return id
end

--- Ask for suggestions at the cursor. A failure shows nothing: the next key asks again.
---@param client vim.lsp.Client
---@param buffer integer the current one
---@param answered fun(items: table[])
---@return fun() cancel
function M.suggest(client, buffer, answered)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 } -- automatic
  local _, id = call(client, 'request', METHOD, params, function(err, result)
    if not err and result then
      answered(result.items or result)
    end
  end, buffer)
  return function()
    if id then
      call(client, 'cancel_request', id)
    end
  end
end

--- Where a character of a line begins.
---@param client vim.lsp.Client
---@param line string
---@param character integer in the units that were agreed with the server
---@return integer byte from zero
function M.byte(client, line, character)
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.str_byteindex(line, client.offset_encoding, character, false)
  end
  return vim.lsp.util._str_byteindex_enc(line, character, client.offset_encoding)
end

--- Run one of the server's commands.
---@param client vim.lsp.Client
---@param command string
---@param arguments any[]|nil
---@param answered fun(result: any)|nil
function M.execute(client, command, arguments, answered)
  local params = { command = command, arguments = arguments }
  M.request(client, 'workspace/executeCommand', params, answered or function() end)
end

--- Change settings of a running server.
---@param client vim.lsp.Client
---@param settings table
function M.configure(client, settings)
  client.settings.bowerbird = vim.tbl_deep_extend('force', client.settings.bowerbird, settings)
  call(client, 'notify', 'workspace/didChangeConfiguration', { settings = client.settings })
end

return M
