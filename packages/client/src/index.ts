/** The public face of the client room. */
