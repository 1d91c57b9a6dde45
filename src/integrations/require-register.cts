// pqtls/register for --require, which Node 22 runs in the thread of module.register()'s hooks as well.

import workerThreads = require('node:worker_threads');

// require() of an ES module fails there with ERR_METHOD_NOT_IMPLEMENTED. A rejection ends the program, as an error would.
if (Reflect.get(workerThreads, 'isInternalThread') === true) void import('./register.js');
else require('./register.js');
