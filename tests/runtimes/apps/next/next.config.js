module.exports = {output: "standalone", outputFileTracingRoot: __dirname, experimental: {isrFlushToDisk: false}};
