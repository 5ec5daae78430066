--- The subcommands of `:Bowerbird`.

local server = require('bowerbird.server')

local M = {}

--- Call a function with the client; say so where there is none.
---@param act fun(client: vim.lsp.Client)
local function with_client(act)
  local client = server.client()
  if client then
    act(client)
  else
    vim.notify('Bowerbird is not running: open a file it serves, or see :checkhealth bowerbird', 3)
  end
end

--- A command line of the server's own program, such as `bowerbird model pull NAME`.
---@param ... string
---@return string[]
local function program(...)
  local words = vim.deepcopy(require('bowerbird.config').current.cmd)
  while words[#words] and words[#words] ~= 'serve' do
    table.remove(words) -- options of `serve`
  end
  table.remove(words)
  return vim.list_extend(words, { ... })
end

--- Run the program in a terminal, where it can show progress and ask.
---@param words string[]
local function in_terminal(words)
  vim.cmd('botright 12new')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.fn.jobstart(words, { term = true })
  else
    vim.fn.termopen(words)
  end
  vim.cmd.startinsert()
end

--- Names of the models that Bowerbird knows.
---@return string[]
local function models()
  local result = vim.system(program('model', 'list'), { env = { COLUMNS = '200' } }):wait()
  local names = {}
  for line in vim.gsplit(result.stdout or '', '\n', { trimempty = true }) do
    table.insert(names, line:match('%S+'))
  end
  table.remove(names, 1) -- the heading
  return names
end

---@param title string
---@param entries table[] see |setqflist-what|
local function show_list(title, entries)
  if #entries == 0 then
    vim.notify('Bowerbird: nothing found for ' .. title)
    return
  end
  vim.fn.setqflist({}, ' ', { title = title, items = entries })
  vim.cmd('botright copen')
end

---@param title string
---@param lines string[]
local function show_window(title, lines)
  local width = math.max(40, unpack(vim.tbl_map(vim.fn.strdisplaywidth, lines)))
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, lines)
  vim.bo[buffer].bufhidden, vim.bo[buffer].modifiable = 'wipe', false
  vim.api.nvim_open_win(buffer, true, {
    relative = 'editor',
    row = math.max(0, math.floor((vim.o.lines - #lines) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    width = width,
    height = #lines,
    style = 'minimal',
    border = 'rounded',
    title = ' ' .. title .. ' ',
  })
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buffer })
end

local subcommands = {}

--- Call a function with the model that is named, or else that the user chooses.
---@param name string may be empty
---@param prompt string
---@param use fun(name: string)
local function with_model(name, prompt, use)
  if name ~= '' then
    use(name)
    return
  end
  vim.ui.select(models(), { prompt = prompt }, function(chosen)
    if chosen then
      use(chosen)
    end
  end)
end

--- Download a model, in a terminal.
function subcommands.pull(name)
  with_model(name, 'Model to download', function(chosen)
    in_terminal(program('model', 'pull', chosen))
  end)
end

--- Use another model until Neovim ends.
function subcommands.model(name)
  with_client(function(client)
    with_model(name, 'Model that writes suggestions', function(chosen)
      local path = vim.system(program('model', 'path', chosen)):wait()
      if path.code == 0 then
        server.configure(client, { model = { name = chosen } })
      else
        vim.notify('Bowerbird: ' .. vim.trim(path.stderr), vim.log.levels.WARN)
      end
    end)
  end)
end

--- Look at every file of the workspace again.
function subcommands.reindex()
  with_client(function(client)
    server.execute(client, 'bowerbird.reindex', nil, function(reports)
      for _, report in ipairs(reports) do
        local text = 'Bowerbird: %d files read, %d unchanged, %d removed, %.1f s'
        vim.notify(text:format(
          report.filesRead, report.filesUnchanged, report.filesRemoved, report.seconds))
      end
    end)
  end)
end

--- Search the workspace by meaning; the results are a quickfix list.
function subcommands.search(query)
  with_client(function(client)
    local function search(words)
      if not words or words == '' then
        return
      end
      server.request(client, 'workspace/symbol', { query = words }, function(symbols)
        local items = vim.lsp.util.symbols_to_items(symbols or {}, 0, client.offset_encoding)
        show_list(words, items)
      end)
    end
    if query ~= '' then
      search(query)
    else
      vim.ui.input({ prompt = 'Search the code for: ' }, search)
    end
  end)
end

--- The snippets that the last suggestion was built from, as a quickfix list.
function subcommands.snippets()
  with_client(function(client)
    server.request(client, 'bowerbird/suggestion', vim.empty_dict(), function(suggestion)
      local items = {}
      for _, source in ipairs(suggestion.sources) do
        table.insert(items, {
          filename = source.uri ~= vim.NIL and vim.uri_to_fname(source.uri) or source.path,
          lnum = source.startLine + 1,
          end_lnum = source.endLine + 1,
          text = source.name,
        })
      end
      show_list('the last suggestion, by ' .. suggestion.model, items)
    end)
  end)
end

--- What the index holds, and what became of suggestions.
function subcommands.statistics()
  with_client(function(client)
    server.execute(client, 'bowerbird.status', nil, function(status)
      local made = status.suggestions
      local lines = {
        ('model        %s, %s'):format(status.model, status.state),
        ('suggestions  %d shown, %d accepted'):format(made.shown, made.accepted),
      }
      if type(made.medianLatencyMs) == 'number' then
        table.insert(lines, ('answer       %.0f ms (median)'):format(made.medianLatencyMs))
      end
      for _, folder in ipairs(status.folders) do
        table.insert(lines, ('index        %d snippets of %d files, %.1f MB'):format(
          folder.snippets, folder.files, folder.bytesOnDisk / 1e6))
        table.insert(lines, '             ' .. vim.fn.fnamemodify(folder.root, ':~'))
      end
      show_window('Bowerbird', lines)
    end)
  end)
end

--- Switch suggestions on or off.
function subcommands.toggle()
  local on = require('bowerbird').toggle()
  vim.notify('Bowerbird: suggestions are ' .. (on and 'on' or 'off'))
end

---@param words string after `:Bowerbird`
local function run(words)
  local name, rest = words:match('^(%S*)%s*(.-)%s*$')
  if subcommands[name] then
    subcommands[name](rest)
  else
    local names = table.concat(M.names(), ', ')
    vim.notify(('Bowerbird: there is no `%s`; there are %s'):format(name, names), 4)
  end
end

--- The names of the subcommands.
---@return string[]
function M.names()
  local names = vim.tbl_keys(subcommands)
  table.sort(names)
  return names
end

---@param typed string the word at the cursor
---@param line string the whole command line
---@return string[]
local function complete(typed, line)
  local choices = {}
  if line:match('^%S+%s+%S*$') then
    choices = M.names()
  elseif line:match('^%S+%s+pull%s') or line:match('^%S+%s+model%s') then
    choices = models()
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, typed)
  end, choices)
end

--- Define `:Bowerbird`.
function M.define()
  vim.api.nvim_create_user_command('Bowerbird', function(command)
    run(command.args)
  end, { nargs = '+', complete = complete, desc = 'Local code completion' })
end

return M
